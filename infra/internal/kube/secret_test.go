package kube

import (
	"testing"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestOnlySecretsOfTheModulesAreDeleted(t *testing.T) {
	ours := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "apps", Name: "ours", Labels: map[string]string{managedByLabel: managedByKindling}}}
	foreign := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "apps", Name: "foreign"}}
	c, _ := client(ours, foreign)
	assert.NoError(t, c.DeleteSecret(t.Context(), "apps", "ours"))
	_, err := c.api.CoreV1().Secrets("apps").Get(t.Context(), "ours", metav1.GetOptions{})
	assert.Error(t, err)
	assert.NoError(t, c.DeleteSecret(t.Context(), "apps", "ours"), "gone is fine")
	assert.ErrorContains(t, c.DeleteSecret(t.Context(), "apps", "foreign"), "is not Kindling's")
}
