# The random provider is the real one: ephemeral resources cannot be mocked, and
# it talks to nobody.
mock_provider "kubernetes" {}

override_resource {
  target          = kubernetes_secret_v1.this
  override_during = plan
  values          = { metadata = { uid = "8a7f" } }
}

variables {
  namespace = "apps"
  secrets = {
    api-key = {}
    pepper  = { length = 64, key = "pepper", special = true }
  }
}

run "makes_one_secret_for_each_name" {
  command = plan

  assert {
    condition     = toset(keys(kubernetes_secret_v1.this)) == toset(["api-key", "pepper"])
    error_message = "there must be one Secret for each name"
  }
  assert {
    condition     = alltrue([for secret in kubernetes_secret_v1.this : secret.metadata[0].namespace == "apps" && secret.type == "Opaque"])
    error_message = "each Secret must be an opaque one in the namespace"
  }
}

run "keeps_values_out_of_the_plan" {
  command = plan

  assert {
    condition     = alltrue([for secret in kubernetes_secret_v1.this : secret.data_wo == null && try(length(secret.data), 0) == 0])
    error_message = "values must only pass through the write-only argument"
  }
}

run "tells_names_and_identities_but_no_values" {
  command = plan

  assert {
    condition     = output.secrets["pepper"] == { name = "pepper", key = "pepper", uid = "8a7f", fingerprint = "8a7f.64" }
    error_message = "the output must tell name, key, uid and fingerprint of each Secret, and nothing else"
  }
  assert {
    condition     = output.secrets["api-key"].key == "value"
    error_message = "the key must be value when none is asked for"
  }
}

run "writes_a_new_value_when_the_length_changes" {
  command = plan

  variables {
    secrets = { api-key = { length = 48 } }
  }

  assert {
    condition     = kubernetes_secret_v1.this["api-key"].data_wo_revision == 48
    error_message = "the length must be the revision of the write-only value"
  }
}

run "takes_values_from_outside" {
  command = plan

  variables {
    revisions = { api-key = "9f2c" }
    values    = { api-key = "from-outside" }
  }

  assert {
    condition     = keys(local.random) == ["pepper"]
    error_message = "nothing must be drawn for a value that comes from outside"
  }
  assert {
    condition     = kubernetes_secret_v1.this["api-key"].data_wo == null && try(length(kubernetes_secret_v1.this["api-key"].data), 0) == 0
    error_message = "the value must only pass through the write-only argument"
  }
  assert {
    condition     = kubernetes_secret_v1.this["api-key"].data_wo_revision == parseint(substr(sha256("9f2c"), 0, 12), 16) + 257
    error_message = "the number must be that of the revision"
  }
  assert {
    condition     = output.secrets["api-key"].fingerprint == "8a7f.${kubernetes_secret_v1.this["api-key"].data_wo_revision}"
    error_message = "the fingerprint must change with the revision"
  }
  assert {
    condition     = kubernetes_secret_v1.this["pepper"].data_wo_revision == 64
    error_message = "the other Secrets must keep their random values"
  }
}

run "sends_a_value_again_for_another_revision" {
  command = plan

  variables {
    revisions = { api-key = "9f2d" }
    values    = { api-key = "from-outside" }
  }

  assert {
    condition     = output.secrets["api-key"].fingerprint != run.takes_values_from_outside.secrets["api-key"].fingerprint
    error_message = "another revision must be another number"
  }
}

run "sends_nothing_again_for_the_same_revision" {
  command = plan

  variables {
    revisions = { api-key = "9f2c" }
    values    = { api-key = "another-value" }
  }

  assert {
    condition     = output.secrets["api-key"].fingerprint == run.takes_values_from_outside.secrets["api-key"].fingerprint
    error_message = "the number must be made of the revision, not of the value"
  }
}

run "marks_the_objects_as_managed" {
  command = plan

  variables {
    labels = { "app.kubernetes.io/part-of" = "kindling" }
  }

  assert {
    condition     = kubernetes_secret_v1.this["api-key"].metadata[0].labels == tomap({ "app.kubernetes.io/part-of" = "kindling", "app.kubernetes.io/managed-by" = "kindling" })
    error_message = "labels must be the given ones and managed-by"
  }
}

run "refuses_a_namespace_that_is_no_dns_label" {
  command = plan

  variables {
    namespace = "Apps_"
  }

  expect_failures = [var.namespace]
}

run "refuses_a_name_that_is_no_dns_label" {
  command = plan

  variables {
    secrets = { "API_KEY" = {} }
  }

  expect_failures = [var.secrets]
}

run "refuses_values_that_can_be_guessed" {
  command = plan

  variables {
    secrets = { api-key = { length = 8 } }
  }

  expect_failures = [var.secrets]
}

run "refuses_a_key_that_kubernetes_refuses" {
  command = plan

  variables {
    secrets = { api-key = { key = "a key" } }
  }

  expect_failures = [var.secrets]
}

run "refuses_a_revision_of_no_secret" {
  command = plan

  variables {
    revisions = { stripe-key = "9f2c" }
    values    = { stripe-key = "from-outside" }
  }

  expect_failures = [var.revisions]
}

run "refuses_an_empty_revision" {
  command = plan

  variables {
    revisions = { api-key = "" }
    values    = { api-key = "from-outside" }
  }

  expect_failures = [var.revisions]
}

run "refuses_a_revision_without_value" {
  command = plan

  variables {
    revisions = { api-key = "9f2c" }
  }

  expect_failures = [kubernetes_secret_v1.this]
}
