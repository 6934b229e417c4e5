package bucket

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAddressesNameABucketAndAFolder(t *testing.T) {
	for text, want := range map[string]Address{
		"s3://states": {Kind: S3, Name: "states"},
		"s3://states/shop/eu/?region=eu-central-1":                 {Kind: S3, Name: "states", Prefix: "shop/eu", Region: "eu-central-1"},
		"s3://states?endpoint=https://s3.example.org/":             {Kind: S3, Name: "states", Endpoint: "https://s3.example.org"},
		"s3://states?endpoint=http://127.0.0.1:7070":               {Kind: S3, Name: "states", Endpoint: "http://127.0.0.1:7070"},
		"gs://states/shop?project=p&location=EU":                   {Kind: GCS, Name: "states", Prefix: "shop", Project: "p", Location: "EU"},
		"s3://states?region=eu-central-1&endpoint=http://[::1]:80": {Kind: S3, Name: "states", Region: "eu-central-1", Endpoint: "http://[::1]:80"},
	} {
		got, err := Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got)
	}
}

func TestAddressesThatCannotHoldAreRefusedAsInput(t *testing.T) {
	for text, want := range map[string]string{
		"states":                              "begins with neither s3:// nor gs://",
		"https://states":                      "begins with neither s3:// nor gs://",
		"s3://":                               "is no name of a bucket",
		"s3://Big_Bucket":                     "is no name of a bucket",
		"s3://key:secret@states?region=r":     "holds credentials",
		"s3://states?access_key=x":            "sets access_key",
		"s3://states?project=x":               "sets project",
		"s3://states?endpoint=s3.example.org": "is no http or https URL",
		"s3://states?endpoint=https://k:s@example.org": "the endpoint holds credentials",
		"s3://states?endpoint=http://s3.example.org":   "is not encrypted",
		"s3://states?endpoint=https://example.org%3Fx": "more than a server and a path",
	} {
		_, err := Parse(text)
		var refused *Refused
		require.ErrorAs(t, err, &refused, text)
		assert.Contains(t, refused.Sentence, want)
		assert.True(t, refused.Input, text)
		assert.NotEmpty(t, refused.Next, text)
	}
}

func TestAPlaceIsReadBackFromItsBackend(t *testing.T) {
	for _, text := range []string{"s3://states/shop?region=eu-central-1", "s3://states?region=us-east-1&endpoint=https://s3.example.org", "gs://states/shop", "gs://states?endpoint=http://localhost:4443"} {
		a, err := Parse(text)
		require.NoError(t, err)
		place := a.Place("staging", "cluster")
		got, err := PlaceOf(a.Kind, place.Backend())
		require.NoError(t, err)
		assert.Equal(t, place.String(), got.String())
		assert.Equal(t, place.Lock, got.Lock)
		assert.Equal(t, a.Endpoint, got.Address.Endpoint)
		assert.Equal(t, a.Region, got.Address.Region)
	}
}

func TestStatesOfAnEnvironmentLieSideBySide(t *testing.T) {
	a := Address{Kind: S3, Name: "states", Prefix: "shop"}
	assert.Equal(t, "s3://states/shop/prod/workloads.tfstate", a.Place("prod", "workloads").String())
	assert.Equal(t, "shop/prod/workloads.tfstate.tflock", a.Place("prod", "workloads").Lock)
	a.Kind = GCS
	assert.Equal(t, "gs://states/shop/prod/workloads/default.tfstate", a.Place("prod", "workloads").String())
	assert.Equal(t, "shop/prod/workloads/default.tflock", a.Place("prod", "workloads").Lock)
}

func TestBackendsThatCannotBeFollowedAreRefused(t *testing.T) {
	_, err := PlaceOf("azurerm", nil)
	assert.ErrorContains(t, err, `Terraform's backend "azurerm"`)
	_, err = PlaceOf(S3, map[string]any{"bucket": "b", "key": "k", "assume_role": map[string]any{}})
	assert.ErrorContains(t, err, "sets assume_role, which kindling cannot follow")
	place, err := PlaceOf(S3, map[string]any{"bucket": "b", "key": "k", "profile": "p", "assume_role": nil, "endpoint": "https://e"})
	require.NoError(t, err)
	assert.Equal(t, "p", place.Address.Profile)
	assert.Equal(t, "https://e", place.Address.Endpoint)
}
