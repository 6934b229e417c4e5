package bucket

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// public says why everybody may read or write the bucket; empty when they may not.
func (b *s3Bucket) public(ctx context.Context) (why string, err error) {
	blocked, err := b.publicBlocked(ctx)
	if err != nil || blocked {
		return "", err
	}
	for _, look := range []func(context.Context) (string, error){b.publicByPolicy, b.publicByACL} {
		if why, err := look(ctx); err != nil || why != "" {
			return why, err
		}
	}
	return "", nil
}

// publicBlocked tells whether the bucket is kept from being public whatever else is set.
func (b *s3Bucket) publicBlocked(ctx context.Context) (bool, error) {
	found, err := b.client.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: b.name()})
	if err != nil {
		if unknown(err) || code(err) == "NoSuchPublicAccessBlockConfiguration" {
			return false, nil
		}
		return false, err
	}
	set := found.PublicAccessBlockConfiguration
	return set != nil && aws.ToBool(set.IgnorePublicAcls) && aws.ToBool(set.RestrictPublicBuckets), nil
}

// publicByPolicy asks what the server thinks of the bucket's policy, and reads the policy where the
// server has no opinion.
func (b *s3Bucket) publicByPolicy(ctx context.Context) (string, error) {
	judged, err := b.client.GetBucketPolicyStatus(ctx, &s3.GetBucketPolicyStatusInput{Bucket: b.name()})
	if err == nil && judged.PolicyStatus != nil {
		if aws.ToBool(judged.PolicyStatus.IsPublic) {
			return "its policy allows everybody", nil
		}
		return "", nil
	}
	if code(err) == "NoSuchBucketPolicy" {
		return "", nil
	}
	if err != nil && !unknown(err) {
		return "", err
	}
	found, err := b.client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: b.name()})
	if code(err) == "NoSuchBucketPolicy" || (err != nil && unknown(err)) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return publicStatement(aws.ToString(found.Policy))
}

// publicStatement names the first statement of a policy that allows everybody something without a
// condition.
func publicStatement(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	var p policy
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return "", fmt.Errorf("the bucket's policy is no JSON: %w", err)
	}
	for i, s := range p.Statement {
		if s.Effect == "Allow" && everybody(s.Principal) && len(s.Condition) == 0 {
			return fmt.Sprintf("statement %d of its policy allows everybody %v", i+1, s.Action), nil
		}
	}
	return "", nil
}

// everybody tells whether a principal is "*", {"AWS": "*"} or {"AWS": [… "*" …]}.
func everybody(principal any) bool {
	switch p := principal.(type) {
	case string:
		return p == "*"
	case []any:
		for _, one := range p {
			if everybody(one) {
				return true
			}
		}
	case map[string]any:
		return everybody(p["AWS"])
	}
	return false
}

// publicByACL looks for the groups that stand for everybody.
func (b *s3Bucket) publicByACL(ctx context.Context) (string, error) {
	found, err := b.client.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: b.name()})
	if err != nil {
		if unknown(err) || code(err) == "AccessControlListNotSupported" {
			return "", nil
		}
		return "", err
	}
	for _, grant := range found.Grants {
		if allUsers(grant.Grantee) {
			return fmt.Sprintf("its access control list allows everybody %s", grant.Permission), nil
		}
	}
	return "", nil
}

// allUsers tells whether a grantee is everybody, or everybody who has any account. Servers without
// accounts of others write it as a name.
func allUsers(g *types.Grantee) bool {
	if g == nil {
		return false
	}
	uri, id := aws.ToString(g.URI), aws.ToString(g.ID)
	return strings.HasSuffix(uri, "/AllUsers") || strings.HasSuffix(uri, "/AuthenticatedUsers") || id == "all-users"
}
