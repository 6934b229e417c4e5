package stack

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/image"
	"kindling.internal/infra/internal/kube"
	"kindling.internal/infra/internal/terraform"
	"kindling.internal/infra/internal/ui"
)

func TestUpWalksFromImagesToReadyWorkloads(t *testing.T) {
	h := newHouse(t)
	report, err := h.Up(context.Background())
	require.NoError(t, err)

	assert.Less(t, h.index(t, "apply cluster"), h.index(t, "push shop"), "there is no registry before the cluster root is applied")
	assert.Less(t, h.index(t, "build shop"), h.index(t, "push shop"))
	assert.Less(t, h.index(t, "push shop"), h.index(t, "apply workloads"), "nodes pull what was pushed")
	assert.Less(t, h.index(t, "apply workloads"), h.index(t, "wait for 1 workloads"))
	require.Len(t, report.Services, 1)
	assert.Equal(t, ServiceReport{Name: "shop", URLs: []string{"https://shop.localhost/api/shop"}, Version: "v1",
		Image: "localhost:5001/shop@" + digest, Digest: digest, Ready: 1, Desired: 1}, report.Services[0])

	record, err := os.ReadFile(filepath.Join(h.workloadsDir(), "release.auto.tfvars.json"))
	require.NoError(t, err)
	assert.Contains(t, string(record), "localhost:5001/shop@"+digest)
	parts, err := os.ReadFile(filepath.Join(h.clusterDir(), supplyFile))
	require.NoError(t, err)
	assert.JSONEq(t, `{"node_image": "node:1", "registry_image": "registry:1"}`, string(parts))
	assert.FileExists(t, h.Kubeconfig())
}

func TestASecondUpAppliesNothingAndPlansEachRootOnce(t *testing.T) {
	h := newHouse(t)
	_, err := h.Up(context.Background())
	require.NoError(t, err)
	h.lines = nil
	_, err = h.Up(context.Background())
	require.NoError(t, err)
	assert.Equal(t, 1, h.count("plan cluster"))
	assert.Equal(t, 1, h.count("plan workloads"))
	assert.Zero(t, h.count("apply cluster")+h.count("apply workloads"))
	assert.Equal(t, 1, h.count("wait for 1 workloads"), "that they run is seen, not assumed")
}

func TestDriftFoundByTheEarlyPlanIsRepaired(t *testing.T) {
	h := newHouse(t)
	_, err := h.Up(context.Background())
	require.NoError(t, err)
	h.lines, h.workloadsRoot.changes = nil, true
	_, err = h.Up(context.Background())
	require.NoError(t, err)
	assert.Equal(t, 1, h.count("plan workloads"), "the early plan is the one that is carried out")
	assert.Equal(t, 1, h.count("apply workloads"))
}

func TestNoPlanIsMadeEarlyAfterAnEdit(t *testing.T) {
	h := newHouse(t)
	_, err := h.Up(t.Context())
	require.NoError(t, err)
	h.lines, h.images.edited = nil, true
	_, err = h.Up(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1, h.count("plan workloads"))
	assert.Greater(t, slices.Index(h.lines, "plan workloads"), slices.Index(h.lines, "build shop"))
}

func TestANewImageOutdatesTheEarlyPlan(t *testing.T) {
	h := newHouse(t)
	_, err := h.Up(context.Background())
	require.NoError(t, err)
	h.lines = nil
	h.images.digest = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
	_, err = h.Up(context.Background())
	require.NoError(t, err)
	last := -1
	for i, line := range h.lines {
		if line == "plan workloads" {
			last = i
		}
	}
	assert.Greater(t, last, h.index(t, "push shop"), "the plan that counts knows the new image")
}

func TestAChangedClusterOrCertificateOutdatesTheEarlyPlan(t *testing.T) {
	for name, change := range map[string]func(*house){
		"cluster":     func(h *house) { h.clusterRoot.changes = true },
		"certificate": func(h *house) { h.authority.made = true },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			_, err := h.Up(context.Background())
			require.NoError(t, err)
			h.lines = nil
			change(h)
			_, err = h.Up(context.Background())
			require.NoError(t, err)
			assert.GreaterOrEqual(t, h.count("plan workloads"), 1)
			assert.Greater(t, lastIndex(h.lines, "plan workloads"), h.index(t, "push shop"))
		})
	}
}

func lastIndex(lines []string, line string) int {
	for i := len(lines) - 1; i >= 0; i-- {
		if lines[i] == line {
			return i
		}
	}
	return -1
}

func TestNothingIsPushedOrAppliedToWorkloadsWhenAServiceDoesNotCompile(t *testing.T) {
	h := newHouse(t)
	h.images.err = &image.CompileError{Service: "shop", Output: "main.go:3:1: syntax error"}
	_, err := h.Up(context.Background())
	var failure *ui.Failure
	require.ErrorAs(t, err, &failure)
	assert.Contains(t, failure.Sentence, "shop does not compile")
	assert.Equal(t, []string{"main.go:3:1: syntax error"}, failure.Seen)
	assert.Zero(t, h.count("push shop")+h.count("apply workloads"))
}

func TestAWorkloadThatCannotStartFailsWithItsReason(t *testing.T) {
	h := newHouse(t)
	h.pods.err = &kube.NotReadyError{Diagnoses: []*kube.Diagnosis{
		{Sentence: "shop cannot start: its image is not in the registry", Evidence: []string{"not found"}, Next: "make up env=dev builds it again"}}}
	_, err := h.Up(context.Background())
	var failure *ui.Failure
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, "shop cannot start: its image is not in the registry", failure.Sentence)
	assert.Equal(t, []string{"not found"}, failure.Seen)
	assert.Equal(t, 1, ui.ExitCode(err))
}

func TestUpWaitsUntilTheIngressKnowsThePods(t *testing.T) {
	h := newHouse(t)
	left := 3
	h.answers = func() int {
		left--
		if left > 0 {
			return 503
		}
		return 404 // the service's own answer
	}
	_, err := h.Up(context.Background())
	require.NoError(t, err)
	assert.Equal(t, 3, h.count("ask"))
}

func TestWorkloadsThatStopBeingReadyAreWaitedForAgain(t *testing.T) {
	h := newHouse(t)
	h.pods.statuses[0].Done = false
	_, err := h.Up(context.Background())
	require.NoError(t, err)
	assert.Equal(t, 2, h.count("wait for 1 workloads"))
}

func TestAServiceThatOnlyTheIngressAnswersForIsAFailure(t *testing.T) {
	h := newHouse(t)
	ctx, cancel := context.WithCancel(context.Background())
	h.answers = func() int { cancel(); return 503 }
	_, err := h.Up(ctx)
	var failure *ui.Failure
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, "shop runs, but does not answer through the ingress", failure.Sentence)
	assert.Equal(t, []string{"GET https://shop.localhost/api/shop: 503 Service Unavailable", "a line of app.kubernetes.io/name=shop in apps"}, failure.Seen)
}

func TestMistakesInServiceDescriptionsStopBeforeAnythingIsTouched(t *testing.T) {
	h := newHouse(t)
	write(t, filepath.Join(h.Root, "services", "shop", "service.yaml"), "name: shop\nport: 80\ncolour: red\n")
	_, err := h.Up(context.Background())
	assert.Equal(t, 2, ui.ExitCode(err))
	var failure *ui.Failure
	require.ErrorAs(t, err, &failure)
	assert.Greater(t, len(failure.Seen), 2, "all mistakes are told at once")
	assert.Empty(t, h.lines)
}

func TestASecondUpAtTheSameTimeIsToldTheFirstsProcess(t *testing.T) {
	h := newHouse(t)
	release, err := h.exclusive()
	require.NoError(t, err)
	_, err = h.Up(context.Background())
	assert.ErrorContains(t, err, "is being changed by process")
	release()
	_, err = h.Up(context.Background())
	assert.NoError(t, err)
}

func TestObjectsOfAKilledApplyAreAdopted(t *testing.T) {
	h := newHouse(t)
	address := `module.service["shop"].kubernetes_service_v1.this`
	h.workloadsRoot.plan = &tfjson.Plan{ResourceChanges: []*tfjson.ResourceChange{{Address: address, Type: "kubernetes_service_v1",
		Change: &tfjson.Change{After: map[string]any{"metadata": []any{map[string]any{"namespace": "apps", "name": "shop"}}}}}}}
	dependent := `module.service["shop"].kubernetes_ingress_v1.this["shop.localhost"]`
	h.workloadsRoot.plan.ResourceChanges = append(h.workloadsRoot.plan.ResourceChanges, &tfjson.ResourceChange{Address: dependent, Type: "kubernetes_ingress_v1",
		Change: &tfjson.Change{After: map[string]any{"metadata": []any{map[string]any{"namespace": "apps", "name": "shop"}}}}})
	secret := `module.secrets["shop"].kubernetes_secret_v1.this["key"]`
	h.workloadsRoot.plan.ResourceChanges = append(h.workloadsRoot.plan.ResourceChanges, &tfjson.ResourceChange{Address: secret, Type: "kubernetes_secret_v1",
		Change: &tfjson.Change{After: map[string]any{"metadata": []any{map[string]any{"namespace": "apps", "name": "shop-key"}}}}})
	there := []string{address, dependent, secret} // the second is reached when the first is adopted
	var blocks []string
	h.workloadsRoot.apply = func() error {
		if text, err := os.ReadFile(filepath.Join(h.workloadsDir(), adoptionFile)); err == nil {
			blocks = append(blocks, string(text))
		}
		if len(there) == 0 {
			return nil
		}
		next := there[0]
		there = there[1:]
		return &terraform.Error{Err: errors.New("exit 1"), Diagnostics: []terraform.Diagnostic{{Summary: `"shop" already exists`, Address: next}}}
	}
	_, err := h.Up(context.Background())
	require.NoError(t, err)
	assert.Equal(t, []string{"import {\n  to = " + address + "\n  id = \"apps/shop\"\n}\n", "import {\n  to = " + dependent + "\n  id = \"apps/shop\"\n}\n", ""}, blocks)
	assert.Equal(t, 1, h.count("delete secret apps/shop-key"), "a secret whose value nobody knows is made anew")
	assert.NoFileExists(t, filepath.Join(h.workloadsDir(), adoptionFile))
}

func TestAPortThatAnotherServiceHoldsIsToldAsThat(t *testing.T) {
	h := newHouse(t)
	address := "module.ingress.kubernetes_service_v1.controller"
	h.workloadsRoot.plan = &tfjson.Plan{ResourceChanges: []*tfjson.ResourceChange{{Address: address, Type: "kubernetes_service_v1",
		Change: &tfjson.Change{After: map[string]any{"metadata": []any{map[string]any{"namespace": "ingress-nginx", "name": "controller"}}}}}}}
	taken := `Service "controller" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated`
	h.workloadsRoot.apply = func() error {
		return &terraform.Error{Err: errors.New("exit 1"), Diagnostics: []terraform.Diagnostic{{Summary: taken, Address: address}}}
	}
	h.workloadsRoot.refuses = func() error {
		if _, err := os.Stat(filepath.Join(h.workloadsDir(), adoptionFile)); err != nil {
			return nil
		}
		return &terraform.Error{Err: errors.New("exit 1"), Diagnostics: []terraform.Diagnostic{{Summary: "Cannot import non-existent remote object"}}}
	}
	_, err := h.Up(context.Background())
	var failure *ui.Failure
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, taken, failure.Sentence)
	assert.Equal(t, []string{address}, failure.Seen)
	assert.NoFileExists(t, filepath.Join(h.workloadsDir(), adoptionFile))
}

func TestObjectsAreKnownByNamespaceAndNameHoweverMetadataIsWritten(t *testing.T) {
	of := func(kind string, metadata any) string {
		return objectID(&tfjson.ResourceChange{Type: kind, Change: &tfjson.Change{After: map[string]any{"metadata": metadata}}})
	}
	assert.Equal(t, "apps/shop", of("kubernetes_service_v1", []any{map[string]any{"namespace": "apps", "name": "shop"}}))
	assert.Equal(t, "apps", of("kubernetes_namespace_v1", []any{map[string]any{"name": "apps"}}))
	assert.Equal(t, "policy", of("kubernetes_validating_admission_policy_v1", map[string]any{"name": "policy", "namespace": nil}))
	assert.Empty(t, of("random_password", nil))
	assert.Empty(t, of("kubernetes_service_v1", []any{}))
}

func TestDownRemovesTheClusterAndWhatIsRecordedOfIt(t *testing.T) {
	h := newHouse(t)
	_, err := h.Up(context.Background())
	require.NoError(t, err)
	require.NoError(t, h.Down(context.Background()))
	assert.Equal(t, 1, h.count("destroy cluster"))
	assert.NoFileExists(t, h.Kubeconfig())
	assert.NoFileExists(t, filepath.Join(h.clusterDir(), supplyFile))
	require.NoError(t, h.Down(context.Background()), "twice is nothing")
	assert.Equal(t, 1, h.count("destroy cluster"))
}

func TestAFirstUpInitialisesEachRootOnce(t *testing.T) {
	h := newHouse(t)
	_, err := h.Up(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1, h.count("init cluster"))
	assert.Equal(t, 1, h.count("init workloads"))
}

func TestTheIngressControllerThatIsBuiltHereMayFollowTheClusterFaster(t *testing.T) {
	h := newHouse(t)
	for rate, want := range map[float64]string{2: `"ingress_sync_rate": 2`, 0: ""} {
		require.NoError(t, h.writeParts(Parts{Images: map[string]string{"ingress-nginx-controller": "i"}, SyncRate: rate}))
		text, err := os.ReadFile(filepath.Join(h.workloadsDir(), supplyFile))
		require.NoError(t, err)
		if want == "" {
			assert.NotContains(t, string(text), "sync_rate")
		} else {
			assert.Contains(t, string(text), want)
		}
	}
}

func TestDownFailsWhenTheEngineStillHasParts(t *testing.T) {
	h := newHouse(t)
	_, err := h.Up(t.Context())
	require.NoError(t, err)
	h.Engine = fakeEngine{left: []string{"volume dev-registry"}}
	var failure *ui.Failure
	require.ErrorAs(t, h.Down(t.Context()), &failure)
	assert.Equal(t, "the engine still has parts of dev", failure.Sentence)
	assert.Equal(t, []string{"volume dev-registry"}, failure.Seen)
}

func TestDownSweepsWhatAKilledUpMadeBeforeItWasRecorded(t *testing.T) {
	h := newHouse(t)
	h.clusterRoot.plan = &tfjson.Plan{Variables: map[string]*tfjson.PlanVariable{"name": {Value: "second"}}}
	h.clusterRoot.apply = func() error { *h.clusterRoot.state = false; return errors.New("killed") }
	_, err := h.Up(t.Context())
	require.Error(t, err)

	var swept []string
	h.Engine = fakeEngine{left: []string{"container second-control-plane"}, swept: &swept}
	assert.Error(t, h.Down(t.Context()), "the fake has it still")
	assert.Equal(t, []string{"second"}, swept)

	h.Engine = fakeEngine{swept: &swept}
	require.NoError(t, h.Down(t.Context()))
	assert.NoFileExists(t, h.clusterNameFile())
}

func TestDownLeavesWhatAnotherCheckoutMade(t *testing.T) {
	h := newHouse(t)
	var swept []string
	h.Engine = fakeEngine{left: []string{"container dev-control-plane"}, swept: &swept}
	assert.ErrorContains(t, h.Down(t.Context()), "this checkout knows of no cluster, but the engine has parts of dev")
	t.Setenv("TF_VAR_name", "mine")
	assert.ErrorContains(t, h.Down(t.Context()), "parts of mine")
	assert.Empty(t, swept)
}

func TestStatusOfAnEnvironmentThatIsNotUpSaysHowToBringItUp(t *testing.T) {
	h := newHouse(t)
	_, err := h.Status(context.Background())
	var failure *ui.Failure
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, []string{"make up env=dev"}, failure.Next)
}
