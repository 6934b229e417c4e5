package bucket

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// furnish protects a bucket that was made: nothing in it is public, everything is encrypted, asked
// for over TLS only, and kept in all versions. Versions come last: a bucket that has them is finished.
func (b *s3Bucket) furnish(ctx context.Context) (notes []string, err error) {
	for _, protection := range []struct {
		name string
		set  func(context.Context) error
	}{
		{"blocking public access", b.blockPublic},
		{"encrypting what is stored", b.encrypt},
		{"refusing requests without TLS", b.demandTLS},
	} {
		err := protection.set(ctx)
		if err != nil && b.address.Endpoint != "" && unknown(err) {
			notes = append(notes, "the server does not know "+protection.name)
			continue
		}
		if err != nil {
			return notes, b.failed("be protected by "+protection.name, err)
		}
	}
	_, err = b.client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: b.name(),
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
	if err != nil {
		return notes, b.failed("keep versions of states", err)
	}
	return notes, nil
}

// unknown tells whether a server said that it does not have what it was asked for.
func unknown(err error) bool {
	return status(err) == http.StatusNotImplemented || status(err) == http.StatusMethodNotAllowed ||
		slices.Contains([]string{"NotImplemented", "XNotImplemented", "MethodNotAllowed", "MalformedPolicy"}, code(err))
}

func (b *s3Bucket) blockPublic(ctx context.Context) error {
	yes := aws.Bool(true)
	_, err := b.client.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: b.name(), PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{
		BlockPublicAcls: yes, BlockPublicPolicy: yes, IgnorePublicAcls: yes, RestrictPublicBuckets: yes}})
	return err
}

func (b *s3Bucket) encrypt(ctx context.Context) error {
	_, err := b.client.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: b.name(), ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{
		Rules: []types.ServerSideEncryptionRule{{BucketKeyEnabled: aws.Bool(true),
			ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAes256}}}}})
	return err
}

// policy is a bucket's policy, as far as it is read or written here.
type policy struct {
	Version   string      `json:"Version"`
	Statement []statement `json:"Statement"`
}

type statement struct {
	Sid       string         `json:"Sid,omitempty"`
	Effect    string         `json:"Effect"`
	Principal any            `json:"Principal"`
	Action    any            `json:"Action"`
	Resource  any            `json:"Resource"`
	Condition map[string]any `json:"Condition,omitempty"`
}

// demandTLS refuses requests that come unencrypted. Where the server itself is reached so, on this
// machine, there is nothing to demand.
func (b *s3Bucket) demandTLS(ctx context.Context) error {
	if !b.address.encrypted() {
		return nil
	}
	arn := "arn:aws:s3:::" + b.address.Name
	text, err := json.Marshal(policy{Version: "2012-10-17", Statement: []statement{{Sid: "OnlyOverTLS", Effect: "Deny", Principal: "*", Action: "s3:*",
		Resource: []string{arn, arn + "/*"}, Condition: map[string]any{"Bool": map[string]string{"aws:SecureTransport": "false"}}}}})
	if err != nil {
		return err
	}
	_, err = b.client.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: b.name(), Policy: aws.String(string(text))})
	return err
}

// inspect refuses a bucket without versions, a public one, and a server on which locks exclude
// nobody.
func (b *s3Bucket) inspect(ctx context.Context) (notes []string, err error) {
	versions, err := b.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: b.name()})
	if err != nil {
		return nil, b.failed("say whether it keeps versions", err)
	}
	if versions.Status != types.BucketVersioningStatusEnabled {
		return nil, &Refused{Sentence: fmt.Sprintf("the bucket %s keeps no versions: a state that is damaged could not be brought back", b.address.Name),
			Next: []string{b.command("put-bucket-versioning --bucket " + b.address.Name + " --versioning-configuration Status=Enabled"), "then run the same command again"}}
	}
	why, err := b.public(ctx)
	if err != nil {
		return nil, b.failed("say who may read it", err)
	}
	if why != "" {
		return nil, &Refused{Sentence: fmt.Sprintf("the bucket %s is public, and states hold the keys of clusters", b.address.Name), Seen: []string{why},
			Next: []string{b.command("put-public-access-block --bucket " + b.address.Name + " --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true"),
				"where the server does not know that: " + b.command("delete-bucket-policy --bucket "+b.address.Name) + " and " + b.command("put-bucket-acl --bucket "+b.address.Name+" --acl private"),
				"then run the same command again"}}
	}
	if b.address.Endpoint == "" {
		return nil, nil
	}
	return nil, b.excludes(ctx)
}

// probe begins the names of objects that are made and removed to see what a server does.
const probe = ".kindling-probe-"

// excludes makes sure that the server makes an object only when there is none, also when there was
// one: that is all that Terraform's locks are made of, and there are servers that do not keep to it.
func (b *s3Bucket) excludes(ctx context.Context) error {
	name := probe + rand.Text() // of this run alone
	first, err := b.tryProbe(ctx, name)
	if err != nil {
		return err
	}
	second, err := b.tryProbe(ctx, name)
	if err != nil {
		return err
	}
	if err := b.remove(ctx, name, ""); err != nil {
		return b.failed("be written to", err)
	}
	again, err := b.tryProbe(ctx, name)
	if err != nil {
		return err
	}
	if err := b.remove(ctx, name, ""); err != nil {
		return b.failed("be written to", err)
	}
	switch {
	case second:
		return &Refused{Sentence: "the server of " + b.address.String() + " overwrites an object that must not be there: on it, locks would exclude nobody",
			Seen: []string{"PUT with If-None-Match: * was accepted for an object that exists"}, Next: []string{"use a server that knows conditional writes, or a newer version of this one"}}
	case !first || !again:
		return &Refused{Sentence: "the server of " + b.address.String() + " takes an object that was deleted for one that is there: on it, a state could be locked only once",
			Seen: []string{"PUT with If-None-Match: * was refused for an object that had been deleted"}, Next: []string{"use another server, or a newer version of this one"}}
	}
	return nil
}

func (b *s3Bucket) tryProbe(ctx context.Context, name string) (made bool, err error) {
	if _, made, err = b.create(ctx, name, []byte("{}"), Sealed{}); err != nil {
		return false, b.failed("be written to", err)
	}
	return made, nil
}
