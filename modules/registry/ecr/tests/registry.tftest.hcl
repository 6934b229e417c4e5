mock_provider "aws" {}

variables {
  name         = "prod"
  account_id   = "123456789012"
  region       = "eu-central-1"
  key_arn      = "arn:aws:kms:eu-central-1:123456789012:key/0c1d"
  repositories = ["catalog", "inventory"]
}

run "has_a_strict_repository_for_each_service" {
  command = plan

  assert {
    condition     = toset([for repository in aws_ecr_repository.service : repository.name]) == toset(["prod/catalog", "prod/inventory"])
    error_message = "each service must have a repository"
  }
  assert {
    condition     = alltrue([for repository in aws_ecr_repository.service : repository.image_tag_mutability == "IMMUTABLE" && !repository.force_delete])
    error_message = "tags must not move, and a repository with images must stay"
  }
  assert {
    condition = alltrue([for repository in aws_ecr_repository.service : (
      repository.image_scanning_configuration[0].scan_on_push
      && repository.encryption_configuration[0].encryption_type == "KMS"
      && repository.encryption_configuration[0].kms_key == "arn:aws:kms:eu-central-1:123456789012:key/0c1d"
    )])
    error_message = "images must be scanned and encrypted with the customer's key"
  }
}

run "keeps_as_many_images_as_a_rollback_reaches" {
  command = plan

  assert {
    condition     = jsondecode(aws_ecr_lifecycle_policy.service["catalog"].policy).rules[0].selection.countNumber == 100
    error_message = "the newest hundred must stay"
  }
  assert {
    condition     = alltrue([for policy in aws_ecr_lifecycle_policy.service : alltrue([for rule in jsondecode(policy.policy).rules : rule.selection.tagStatus == "tagged"])])
    error_message = "what has no tag is a bill of materials and must stay with its image"
  }
}

run "tells_where_images_go_before_anything_exists" {
  command = plan

  assert {
    condition = output.registry == {
      host     = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/prod"
      push     = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/prod"
      insecure = false
      mirrors  = {}
    }
    error_message = "the registry must be told in the form that every flavour has"
  }
}

run "caches_other_registries_under_their_names" {
  command = plan

  variables {
    caches = {
      "registry.k8s.io" = { upstream = "registry.k8s.io", repositories = ["ingress-nginx/controller", "metrics-server/metrics-server"] }
      "docker.io"       = { upstream = "public.ecr.aws", prefix = "docker", repositories = ["library/postgres"] }
    }
  }

  assert {
    condition     = output.registry.mirrors["docker.io"] == "123456789012.dkr.ecr.eu-central-1.amazonaws.com/prod/docker.io"
    error_message = "the output must say under which name a registry's images are found"
  }
  assert {
    condition = (
      aws_ecr_pull_through_cache_rule.this["docker.io"].ecr_repository_prefix == "prod/docker.io"
      && aws_ecr_pull_through_cache_rule.this["docker.io"].upstream_registry_url == "public.ecr.aws"
      && aws_ecr_pull_through_cache_rule.this["docker.io"].upstream_repository_prefix == "docker"
    )
    error_message = "images must be fetched from the given registry and prefix"
  }
  assert {
    condition = toset([for repository in aws_ecr_repository.cached : repository.name]) == toset([
      "prod/registry.k8s.io/ingress-nginx/controller", "prod/registry.k8s.io/metrics-server/metrics-server", "prod/docker.io/library/postgres",
    ])
    error_message = "there must be a repository for each cached one"
  }
  assert {
    condition     = alltrue([for repository in aws_ecr_repository.cached : repository.image_tag_mutability == "IMMUTABLE" && repository.image_scanning_configuration[0].scan_on_push && repository.encryption_configuration[0].encryption_type == "KMS" && !repository.force_delete])
    error_message = "cached repositories must be as strict as the others"
  }
}

run "tags_everything" {
  command = plan

  variables {
    tags = { team = "shop" }
  }

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.service : repository.tags["team"] == "shop"])
    error_message = "the given tags must be on everything"
  }
}

run "plans_the_basic_example" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "refuses_a_name_that_leaves_no_room_for_caches" {
  command = plan

  variables {
    name = "much-too-long-a-name"
  }

  expect_failures = [var.name]
}

run "refuses_an_account_that_is_none" {
  command = plan

  variables {
    account_id = "prod"
  }

  expect_failures = [var.account_id]
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

run "refuses_a_repository_that_is_no_service" {
  command = plan

  variables {
    repositories = ["Catalog"]
  }

  expect_failures = [var.repositories]
}

run "refuses_to_keep_less_than_a_rollback_needs" {
  command = plan

  variables {
    kept_images = 1
  }

  expect_failures = [var.kept_images]
}

run "refuses_a_cache_of_no_registry" {
  command = plan

  variables {
    caches = { docker = { upstream = "public.ecr.aws", repositories = ["library/postgres"] } }
  }

  expect_failures = [var.caches]
}

run "refuses_a_cache_that_asks_for_a_login" {
  command = plan

  variables {
    caches = { "docker.io" = { upstream = "registry-1.docker.io", repositories = ["library/postgres"] } }
  }

  expect_failures = [var.caches]
}

run "refuses_a_cache_of_everything" {
  command = plan

  variables {
    caches = { "quay.io" = { upstream = "quay.io", repositories = [] } }
  }

  expect_failures = [var.caches]
}

run "keeps_as_many_images_as_it_is_told" {
  command = plan

  variables {
    kept_images = 250
  }

  assert {
    condition     = alltrue([for policy in aws_ecr_lifecycle_policy.service : jsondecode(policy.policy).rules[0].selection.countNumber == 250])
    error_message = "each service must keep the newest 250"
  }
}
