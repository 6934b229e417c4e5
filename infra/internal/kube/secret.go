package kube

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// managedBy is the label, and its value, of what Terraform's modules make.
const managedByLabel, managedByKindling = "app.kubernetes.io/managed-by", "kindling"

// DeleteSecret deletes a Secret that the modules made. One that is gone is fine; one of anybody
// else's is an error.
func (c *Client) DeleteSecret(ctx context.Context, namespace, name string) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	secrets := c.api.CoreV1().Secrets(namespace)
	secret, err := secrets.Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return explain("read secret "+namespace+"/"+name, err)
	}
	if secret.Labels[managedByLabel] != managedByKindling {
		return fmt.Errorf("secret %s/%s exists and is not Kindling's; remove it, or rename it", namespace, name)
	}
	err = secrets.Delete(ctx, name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &secret.UID}})
	if err != nil && !apierrors.IsNotFound(err) {
		return explain("delete secret "+namespace+"/"+name, err)
	}
	return nil
}
