mock_provider "aws" {}

variables {
  name        = "prod/logs"
  description = "Log groups of prod."
  account_id  = "123456789012"
  region      = "eu-central-1"
}

run "rotates_and_can_be_saved_after_a_deletion" {
  command = plan

  assert {
    condition     = aws_kms_key.this.enable_key_rotation && aws_kms_key.this.rotation_period_in_days == 365
    error_message = "the key must rotate once a year"
  }
  assert {
    condition     = aws_kms_key.this.deletion_window_in_days == 30
    error_message = "a deletion must be revocable for 30 days"
  }
  assert {
    condition     = output.alias == "alias/prod/logs"
    error_message = "the key must be found by its alias"
  }
}

run "trusts_its_account_alone" {
  command = plan

  assert {
    condition     = [for statement in jsondecode(aws_kms_key.this.policy).Statement : statement.Principal] == [{ AWS = "arn:aws:iam::123456789012:root" }]
    error_message = "without uses, the policy must name the account and nobody else"
  }
}

run "lets_logs_be_written_for_this_account_only" {
  command = plan

  variables {
    uses = ["logs"]
  }

  assert {
    condition = (
      jsondecode(aws_kms_key.this.policy).Statement[1].Principal.Service == "logs.eu-central-1.amazonaws.com"
      && jsondecode(aws_kms_key.this.policy).Statement[1].Condition.ArnLike["kms:EncryptionContext:aws:logs:arn"] == "arn:aws:logs:eu-central-1:123456789012:*"
    )
    error_message = "CloudWatch Logs may use the key for log groups of this account and region alone"
  }
}

run "lets_instances_start_through_ec2_only" {
  command = plan

  variables {
    uses = ["volumes"]
  }

  assert {
    condition = jsondecode(aws_kms_key.this.policy).Statement[1].Condition.StringEquals == {
      "kms:CallerAccount" = "123456789012"
      "kms:ViaService"    = "ec2.eu-central-1.amazonaws.com"
    }
    error_message = "only EC2 may use the key, for callers of this account"
  }
}

run "plans_the_basic_example" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "refuses_a_name_of_aws" {
  command = plan

  variables {
    name = "aws/ebs"
  }

  expect_failures = [var.name]
}

run "refuses_a_key_without_description" {
  command = plan

  variables {
    description = ""
  }

  expect_failures = [var.description]
}

run "refuses_an_account_that_is_none" {
  command = plan

  variables {
    account_id = "1234"
  }

  expect_failures = [var.account_id]
}

run "refuses_a_zone_for_a_region" {
  command = plan

  variables {
    region = "eu-central-1a"
  }

  expect_failures = [var.region]
}

run "refuses_an_unknown_use" {
  command = plan

  variables {
    uses = ["queues"]
  }

  expect_failures = [var.uses]
}

run "refuses_a_deletion_that_cannot_be_noticed" {
  command = plan

  variables {
    deletion_window_days = 1
  }

  expect_failures = [var.deletion_window_days]
}

run "refuses_to_rotate_daily" {
  command = plan

  variables {
    rotation_days = 1
  }

  expect_failures = [var.rotation_days]
}

run "rotates_and_goes_as_fast_as_it_is_told" {
  command = plan

  variables {
    rotation_days        = 90
    deletion_window_days = 7
  }

  assert {
    condition     = aws_kms_key.this.rotation_period_in_days == 90 && aws_kms_key.this.deletion_window_in_days == 7
    error_message = "the periods must be the given ones"
  }
}

run "carries_its_tags_beside_its_name" {
  command = plan

  variables {
    tags = { team = "shop", Name = "another" }
  }

  assert {
    condition     = aws_kms_key.this.tags == tomap({ team = "shop", Name = "prod/logs" })
    error_message = "the given tags must be on the key, and its name"
  }
}
