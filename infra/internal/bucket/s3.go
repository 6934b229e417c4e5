package bucket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// noRegion is what servers other than Amazon's are told that ask for a region.
const noRegion = "us-east-1"

// s3Bucket is a bucket of Amazon S3, or of a server that speaks its protocol.
type s3Bucket struct {
	client  *s3.Client
	address Address
}

// openS3 takes credentials and the region from where Amazon's own tools take them.
func openS3(ctx context.Context, a Address) (objects, string, error) {
	options := []func(*config.LoadOptions) error{config.WithRegion(a.Region), config.WithSharedConfigProfile(a.Profile)}
	if a.Endpoint != "" { // the metadata of an EC2 instance has no credentials for another's server
		options = append(options, config.WithEC2IMDSClientEnableState(imds.ClientDisabled))
	}
	settings, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, "", &Refused{Sentence: "the AWS configuration cannot be used", Seen: []string{err.Error()}, Next: []string{"correct AWS_PROFILE or ~/.aws/config"}, Err: err}
	}
	if settings.Region == "" && a.Endpoint != "" {
		settings.Region = noRegion
	}
	if settings.Region == "" {
		return nil, "", &Refused{Sentence: "no region is named for " + a.String(), Next: []string{"add ?region=… to the bucket's address, or set AWS_REGION"}, Input: true}
	}
	if _, err := settings.Credentials.Retrieve(ctx); err != nil {
		return nil, "", &Refused{Sentence: "there are no AWS credentials for " + a.String(), Seen: []string{err.Error()},
			Next: []string{"set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"}, Err: err}
	}
	client := s3.NewFromConfig(settings, func(o *s3.Options) {
		if a.Endpoint != "" {
			o.BaseEndpoint, o.UsePathStyle = aws.String(a.Endpoint), true
			o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
			o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		}
	})
	return &s3Bucket{client: client, address: a}, settings.Region, nil
}

func (b *s3Bucket) name() *string { return aws.String(b.address.Name) }

func (b *s3Bucket) exists(ctx context.Context) (bool, error) {
	_, err := b.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: b.name()})
	switch status(err) {
	case http.StatusOK:
		return true, nil
	case http.StatusNotFound:
		return false, nil
	case http.StatusForbidden:
		return false, &Refused{Sentence: fmt.Sprintf("the bucket %s cannot be looked at: it is somebody else's, or these credentials may not", b.address.Name),
			Seen: []string{err.Error()}, Next: []string{"choose another name, or credentials that may use it"}, Err: err}
	case http.StatusMovedPermanently:
		return false, &Refused{Sentence: fmt.Sprintf("the bucket %s lies in another region", b.address.Name),
			Seen: []string{"it is in " + region(err)}, Next: []string{"name it in the bucket's address: ?region=" + region(err)}, Input: true, Err: err}
	}
	return false, b.failed("be looked at", err)
}

func (b *s3Bucket) make(ctx context.Context) error {
	input := &s3.CreateBucketInput{Bucket: b.name()}
	if r := b.client.Options().Region; r != noRegion && b.address.Endpoint == "" {
		input.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(r)}
	}
	_, err := b.client.CreateBucket(ctx, input)
	var ours *types.BucketAlreadyOwnedByYou
	if err == nil || errors.As(err, &ours) {
		return nil
	}
	return b.failed("be made", err)
}

func (b *s3Bucket) empty(ctx context.Context) (bool, error) {
	found, err := b.client.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: b.name(), MaxKeys: aws.Int32(1)})
	if err != nil {
		return false, b.failed("be listed", err)
	}
	return len(found.Versions)+len(found.DeleteMarkers) == 0, nil
}

func (b *s3Bucket) read(ctx context.Context, name string) (*Object, error) {
	found, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: b.name(), Key: aws.String(name)})
	var absent *types.NoSuchKey
	if errors.As(err, &absent) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer found.Body.Close()
	content, err := io.ReadAll(found.Body)
	return &Object{Content: content, Version: aws.ToString(found.VersionId)}, err
}

// create is what Terraform's locks are made of: one of several that try succeeds.
func (b *s3Bucket) create(ctx context.Context, name string, content []byte, sealed Sealed) (version string, made bool, err error) {
	input := &s3.PutObjectInput{Bucket: b.name(), Key: aws.String(name), Body: bytes.NewReader(content),
		ContentType: aws.String("application/json"), IfNoneMatch: aws.String("*")}
	if sealed.Key != "" {
		input.ServerSideEncryption, input.SSEKMSKeyId = types.ServerSideEncryptionAwsKms, aws.String(sealed.Key)
	} else if sealed.On {
		input.ServerSideEncryption = types.ServerSideEncryptionAes256
	}
	put, err := b.client.PutObject(ctx, input)
	switch {
	case err == nil:
		return aws.ToString(put.VersionId), true, nil
	case status(err) == http.StatusPreconditionFailed || status(err) == http.StatusConflict:
		return "", false, nil
	}
	return "", false, err
}

// remove leaves the versions of the object: an S3 bucket has no condition on removal that all
// servers know, so that the caller has to have looked.
func (b *s3Bucket) remove(ctx context.Context, name, _ string) error {
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: b.name(), Key: aws.String(name)})
	return err
}

// failed is an error of the server, with what it was asked for.
func (b *s3Bucket) failed(what string, err error) error {
	return &Refused{Sentence: fmt.Sprintf("the bucket %s cannot %s", b.address.Name, what), Seen: []string{err.Error()},
		Next: []string{"see that the endpoint, the region and the credentials are the bucket's, then run the same command again"}, Err: err}
}

// status is the HTTP status that an answer had; 0 when there was none.
func status(err error) int {
	if err == nil {
		return http.StatusOK
	}
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}

func region(err error) string {
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) && answer.Response != nil {
		return answer.Response.Header.Get("X-Amz-Bucket-Region")
	}
	return ""
}

// code is the name that S3 gives an error.
func code(err error) string {
	var named smithy.APIError
	if errors.As(err, &named) {
		return named.ErrorCode()
	}
	return ""
}

// command is what somebody runs to mend the bucket.
func (b *s3Bucket) command(arguments string) string {
	text := "aws s3api " + arguments
	if b.address.Endpoint != "" {
		text += " --endpoint-url " + b.address.Endpoint
	} else if os.Getenv("AWS_REGION") == "" {
		text += " --region " + b.client.Options().Region
	}
	return text
}
