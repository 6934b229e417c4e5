package kube

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	admission "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const policy = "annotations.example.org"

func TestAPolicyIsBoundAndDenies(t *testing.T) {
	c, api := client()
	for range 2 { // the second time nothing is left to do
		require.NoError(t, c.BindPolicy(t.Context(), policy))
	}
	binding, err := api.AdmissionregistrationV1().ValidatingAdmissionPolicyBindings().Get(t.Context(), policy, metav1.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, policy, binding.Spec.PolicyName)
	assert.Equal(t, []admission.ValidationAction{admission.Deny}, binding.Spec.ValidationActions)
	assert.Equal(t, managedByKindling, binding.Labels[managedByLabel])
	var written int
	for _, action := range api.Actions() {
		if action.GetVerb() != "get" {
			written++
		}
	}
	assert.Equal(t, 1, written)
}

func TestABindingThatOnlyWarnsIsCorrected(t *testing.T) {
	c, api := client(&admission.ValidatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: policy},
		Spec: admission.ValidatingAdmissionPolicyBindingSpec{PolicyName: policy, ValidationActions: []admission.ValidationAction{admission.Warn}}})
	require.NoError(t, c.BindPolicy(t.Context(), policy))
	binding, err := api.AdmissionregistrationV1().ValidatingAdmissionPolicyBindings().Get(t.Context(), policy, metav1.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, []admission.ValidationAction{admission.Deny}, binding.Spec.ValidationActions)
}

func TestAPolicyCannotBeBoundWhereNobodyAnswers(t *testing.T) {
	c, api := client()
	api.PrependReactor("*", "*", away)
	var unreachable *UnreachableError
	assert.ErrorAs(t, c.BindPolicy(t.Context(), policy), &unreachable)
}
