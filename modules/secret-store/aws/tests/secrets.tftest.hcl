# Ephemeral resources cannot be mocked, so the random provider is the real one, which
# talks to nobody.
mock_provider "aws" {}

override_resource {
  target          = aws_secretsmanager_secret.this
  override_during = plan
  values          = { id = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:a-0c1d", arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:a-0c1d" }
}

variables {
  name    = "prod"
  region  = "eu-central-1"
  key_arn = "arn:aws:kms:eu-central-1:123456789012:key/5e4"
  secrets = {
    "catalog/session-key" = { length = 48 }
    "catalog/stripe-key"  = { provided = true }
  }
}

run "has_each_secret_under_its_name_and_encrypted" {
  command = plan

  assert {
    condition     = toset([for secret in aws_secretsmanager_secret.this : secret.name]) == toset(["prod/catalog/session-key", "prod/catalog/stripe-key"])
    error_message = "each secret must be found under the environment's, the service's and its own name"
  }
  assert {
    condition     = alltrue([for secret in aws_secretsmanager_secret.this : secret.kms_key_id == "arn:aws:kms:eu-central-1:123456789012:key/5e4"])
    error_message = "secrets must be encrypted with the customer's key"
  }
  assert {
    condition     = aws_secretsmanager_secret.this["catalog/stripe-key"].description == "Secret stripe-key of service catalog in prod, which people provide."
    error_message = "who finds a secret in the console must be told what it is"
  }
}

run "draws_random_values_and_leaves_the_others_to_people" {
  command = plan

  assert {
    condition     = keys(aws_secretsmanager_secret_version.this) == ["catalog/session-key"]
    error_message = "a secret that people provide must be made without a value"
  }
  assert {
    condition = (
      aws_secretsmanager_secret_version.this["catalog/session-key"].secret_string == null
      && aws_secretsmanager_secret_version.this["catalog/session-key"].secret_string_wo == null
    )
    error_message = "the value must only pass through the write-only argument"
  }
}

run "draws_another_value_when_the_length_changes" {
  command = plan

  variables {
    secrets = { "catalog/session-key" = { length = 64 } }
  }

  assert {
    condition     = aws_secretsmanager_secret_version.this["catalog/session-key"].secret_string_wo_version == 64
    error_message = "the length must be the version of the write-only value"
  }
}

run "keeps_deleted_secrets_for_a_while" {
  command = plan

  assert {
    condition     = alltrue([for secret in aws_secretsmanager_secret.this : secret.recovery_window_in_days == 30])
    error_message = "a deleted secret must be restorable for 30 days"
  }
}

run "tells_how_to_read_and_set_them_and_no_value" {
  command = plan

  assert {
    condition = output.secrets["catalog/stripe-key"] == {
      revision_command = {
        command = "aws"
        args = [
          "secretsmanager", "list-secret-version-ids", "--secret-id", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:a-0c1d", "--region", "eu-central-1",
          "--query", "Versions[?contains(VersionStages, 'AWSCURRENT')].VersionId", "--output", "text",
        ]
      }
      value_command = {
        command = "aws"
        args = [
          "secretsmanager", "get-secret-value", "--secret-id", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:a-0c1d", "--region", "eu-central-1",
          "--version-id", "REVISION", "--query", "SecretString || ''", "--output", "text",
        ]
      }
      set_command = {
        command = "aws"
        args = [
          "secretsmanager", "put-secret-value", "--secret-id", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:a-0c1d", "--region", "eu-central-1",
          "--secret-string", "file:///dev/stdin",
        ]
      }
    }
    error_message = "the output must have the fields that every flavour has"
  }
  assert {
    condition     = toset(keys(output.secrets)) == toset(keys(var.secrets))
    error_message = "random secrets must be told too: people may set them"
  }
}

run "makes_nothing_without_secrets" {
  command = plan

  variables {
    secrets = {}
  }

  assert {
    condition     = length(output.secrets) == 0
    error_message = "an environment whose services have no secrets must have none"
  }
}

run "tags_the_secrets" {
  command = plan

  variables {
    tags = { team = "shop" }
  }

  assert {
    condition     = alltrue([for secret in aws_secretsmanager_secret.this : secret.tags["team"] == "shop"])
    error_message = "the given tags must be on the secrets"
  }
}

run "plans_the_basic_example" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "refuses_a_name_that_is_no_dns_label" {
  command = plan

  variables {
    name = "prod/eu"
  }

  expect_failures = [var.name]
}

run "refuses_a_region_that_is_none" {
  command = plan

  variables {
    region = "frankfurt"
  }

  expect_failures = [var.region]
}

run "refuses_to_go_without_a_key" {
  command = plan

  variables {
    key_arn = ""
  }

  expect_failures = [var.key_arn]
}

run "refuses_a_secret_of_no_service" {
  command = plan

  variables {
    secrets = { stripe-key = {} }
  }

  expect_failures = [var.secrets]
}

run "refuses_values_that_can_be_guessed" {
  command = plan

  variables {
    secrets = { "catalog/session-key" = { length = 8 } }
  }

  expect_failures = [var.secrets]
}

run "refuses_a_deletion_that_cannot_be_noticed" {
  command = plan

  variables {
    recovery_window_days = 0
  }

  expect_failures = [var.recovery_window_days]
}

run "lets_a_deletion_be_taken_back_for_as_long_as_it_is_told" {
  command = plan

  variables {
    recovery_window_days = 7
  }

  assert {
    condition     = alltrue([for secret in aws_secretsmanager_secret.this : secret.recovery_window_in_days == 7])
    error_message = "each secret must be recoverable for a week"
  }
}
