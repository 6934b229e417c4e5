package provider

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/stretchr/testify/require"
)

// terraform speaks Terraform's protocol to the provider, for one type of
// resource, as Terraform's core would.
type terraform struct {
	t        *testing.T
	server   tfprotov6.ProviderServer
	lifetime *Lifetime
	resource string
	object   tftypes.Object
	computed map[string]bool
}

// outcome is the answer to a request.
type outcome struct {
	state    tftypes.Value
	replaces []string
	warnings []string // summary and detail
	errors   []string
}

func newTerraform(t *testing.T, resource string, engine Engine) *terraform {
	t.Helper()
	lifetime := NewLifetime(t.Context())
	provider := New(lifetime, engine)()
	server, err := providerserver.NewProtocol6WithError(provider)()
	require.NoError(t, err)
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	require.NoError(t, err)
	require.Empty(t, schemas.Diagnostics)
	schema := schemas.ResourceSchemas[resource]
	tf := &terraform{t: t, server: server, lifetime: lifetime, resource: resource, computed: map[string]bool{}}
	tf.object = schema.ValueType().(tftypes.Object)
	for _, attribute := range schema.Block.Attributes {
		tf.computed[attribute.Name] = attribute.Computed
	}
	return tf
}

// config makes a configuration of what is given; the rest is null.
func (tf *terraform) config(attributes map[string]any) tftypes.Value {
	return valueOf(tf.t, tf.object, attributes)
}

func (tf *terraform) none() tftypes.Value { return tftypes.NewValue(tf.object, nil) }

func (tf *terraform) validate(config tftypes.Value) outcome {
	answer, err := tf.server.ValidateResourceConfig(tf.t.Context(), &tfprotov6.ValidateResourceConfigRequest{TypeName: tf.resource, Config: tf.dynamic(config)})
	require.NoError(tf.t, err)
	return tf.outcome(nil, answer.Diagnostics)
}

// plan proposes what core would: the configuration, with what is computed
// taken from the prior state.
func (tf *terraform) plan(prior, config tftypes.Value) outcome {
	proposed := tf.merge(config, func(name string, value tftypes.Value) tftypes.Value {
		if value.IsNull() && tf.computed[name] && !prior.IsNull() {
			return attributeOf(tf.t, prior, name)
		}
		return value
	})
	answer, err := tf.server.PlanResourceChange(tf.t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: tf.resource, PriorState: tf.dynamic(prior), Config: tf.dynamic(config), ProposedNewState: tf.dynamic(proposed),
	})
	require.NoError(tf.t, err)
	o := tf.outcome(answer.PlannedState, answer.Diagnostics)
	for _, path := range answer.RequiresReplace {
		o.replaces = append(o.replaces, string(path.Steps()[0].(tftypes.AttributeName)))
	}
	return o
}

func (tf *terraform) apply(ctx context.Context, prior, config, planned tftypes.Value) outcome {
	answer, err := tf.server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: tf.resource, PriorState: tf.dynamic(prior), Config: tf.dynamic(config), PlannedState: tf.dynamic(planned),
	})
	require.NoError(tf.t, err)
	return tf.outcome(answer.NewState, answer.Diagnostics)
}

// created plans and applies a configuration onto nothing.
func (tf *terraform) created(config tftypes.Value) tftypes.Value {
	planned := tf.plan(tf.none(), config)
	require.Empty(tf.t, planned.errors)
	applied := tf.apply(tf.t.Context(), tf.none(), config, planned.state)
	require.Empty(tf.t, applied.errors)
	return applied.state
}

func (tf *terraform) read(state tftypes.Value) outcome {
	answer, err := tf.server.ReadResource(tf.t.Context(), &tfprotov6.ReadResourceRequest{TypeName: tf.resource, CurrentState: tf.dynamic(state)})
	require.NoError(tf.t, err)
	return tf.outcome(answer.NewState, answer.Diagnostics)
}

// imported imports by name and reads, as Terraform does.
func (tf *terraform) imported(name string) outcome {
	answer, err := tf.server.ImportResourceState(tf.t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: tf.resource, ID: name})
	require.NoError(tf.t, err)
	require.Empty(tf.t, answer.Diagnostics)
	require.Len(tf.t, answer.ImportedResources, 1)
	state, err := answer.ImportedResources[0].State.Unmarshal(tf.object)
	require.NoError(tf.t, err)
	return tf.read(state)
}

func (tf *terraform) outcome(state *tfprotov6.DynamicValue, diagnostics []*tfprotov6.Diagnostic) outcome {
	var o outcome
	if state != nil {
		value, err := state.Unmarshal(tf.object)
		require.NoError(tf.t, err)
		o.state = value
	}
	for _, d := range diagnostics {
		text := d.Summary + "\n" + d.Detail
		if d.Severity == tfprotov6.DiagnosticSeverityWarning {
			o.warnings = append(o.warnings, text)
		} else {
			o.errors = append(o.errors, text)
		}
	}
	return o
}

func (tf *terraform) dynamic(value tftypes.Value) *tfprotov6.DynamicValue {
	dynamic, err := tfprotov6.NewDynamicValue(tf.object, value)
	require.NoError(tf.t, err)
	return &dynamic
}

func (tf *terraform) merge(value tftypes.Value, change func(string, tftypes.Value) tftypes.Value) tftypes.Value {
	attributes := map[string]tftypes.Value{}
	require.NoError(tf.t, value.As(&attributes))
	for name, attribute := range attributes {
		attributes[name] = change(name, attribute)
	}
	return tftypes.NewValue(tf.object, attributes)
}

// with returns a value with some attributes replaced.
func (tf *terraform) with(value tftypes.Value, attributes map[string]any) tftypes.Value {
	return tf.merge(value, func(name string, old tftypes.Value) tftypes.Value {
		if replaced, found := attributes[name]; found {
			return valueOf(tf.t, tf.object.AttributeTypes[name], replaced)
		}
		return old
	})
}

func attributeOf(t *testing.T, value tftypes.Value, name string) tftypes.Value {
	t.Helper()
	attributes := map[string]tftypes.Value{}
	require.NoError(t, value.As(&attributes))
	return attributes[name]
}

func textOf(t *testing.T, value tftypes.Value, name string) string {
	t.Helper()
	var text *string
	require.NoError(t, attributeOf(t, value, name).As(&text))
	if text == nil {
		return ""
	}
	return *text
}

// unknown stands for a value that is not known yet.
type unknown struct{}

// valueOf makes a value of a type from maps, slices and scalars; attributes
// of objects that are not given are null.
func valueOf(t *testing.T, typ tftypes.Type, from any) tftypes.Value {
	t.Helper()
	if _, isUnknown := from.(unknown); isUnknown {
		return tftypes.NewValue(typ, tftypes.UnknownValue)
	}
	if from == nil {
		return tftypes.NewValue(typ, nil)
	}
	switch typ := typ.(type) {
	case tftypes.Object:
		values := map[string]tftypes.Value{}
		for name, attribute := range typ.AttributeTypes {
			values[name] = valueOf(t, attribute, from.(map[string]any)[name])
		}
		return tftypes.NewValue(typ, values)
	case tftypes.List:
		values := []tftypes.Value{}
		for _, element := range from.([]any) {
			values = append(values, valueOf(t, typ.ElementType, element))
		}
		return tftypes.NewValue(typ, values)
	case tftypes.Map:
		values := map[string]tftypes.Value{}
		for key, element := range from.(map[string]any) {
			values[key] = valueOf(t, typ.ElementType, element)
		}
		return tftypes.NewValue(typ, values)
	}
	return tftypes.NewValue(typ, from)
}
