package kube

import (
	"context"
	"slices"

	admission "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// BindPolicy puts a ValidatingAdmissionPolicy in force for everybody, by a binding of its name. One
// that does so already stays; another of that name is corrected.
func (c *Client) BindPolicy(ctx context.Context, policy string) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	bindings := c.api.AdmissionregistrationV1().ValidatingAdmissionPolicyBindings()
	deny := admission.ValidatingAdmissionPolicyBindingSpec{PolicyName: policy, ValidationActions: []admission.ValidationAction{admission.Deny}}
	there, err := bindings.Get(ctx, policy, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		binding := &admission.ValidatingAdmissionPolicyBinding{Spec: deny,
			ObjectMeta: metav1.ObjectMeta{Name: policy, Labels: map[string]string{managedByLabel: managedByKindling}}}
		_, err = bindings.Create(ctx, binding, metav1.CreateOptions{})
		return bound(policy, err)
	}
	if err != nil || inForce(there.Spec, deny) {
		return bound(policy, err)
	}
	there.Spec = deny
	_, err = bindings.Update(ctx, there, metav1.UpdateOptions{})
	return bound(policy, err)
}

// inForce tells whether a binding holds for all that its policy matches.
func inForce(is, want admission.ValidatingAdmissionPolicyBindingSpec) bool {
	return is.PolicyName == want.PolicyName && slices.Contains(is.ValidationActions, admission.Deny) && is.MatchResources == nil
}

func bound(policy string, err error) error {
	if err == nil {
		return nil
	}
	return explain("bind admission policy "+policy, err)
}
