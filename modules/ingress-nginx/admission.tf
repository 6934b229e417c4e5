# Annotations are a way to write into the controller's configuration, and some
# versions let crafted ones run code. Modules write none, so none is let through
# unless it is listed. Its binding is the cluster's business (see README.md):
# without one, this policy does nothing.
resource "kubernetes_validating_admission_policy_v1" "this" {
  metadata = {
    name   = local.policy
    labels = local.labels
  }

  spec = {
    failure_policy    = "Fail"
    audit_annotations = []

    match_constraints = {
      match_policy = "Equivalent"
      resource_rules = [{
        api_groups   = ["networking.k8s.io"]
        api_versions = ["v1"]
        operations   = ["CREATE", "UPDATE"]
        resources    = ["ingresses"]
      }]
    }

    validations = [
      {
        expression = join("", [
          "!has(object.metadata.annotations) || object.metadata.annotations.all(name, ",
          "!(name.contains('ingress.kubernetes.io/') || name == 'kubernetes.io/ingress.class') || name in ${jsonencode(sort(var.allowed_annotations))})",
        ])
        message = "an Ingress may carry only the controller annotations that the platform allows; describe routes in service.yaml"
      },
      {
        expression = join("", [
          "!has(object.spec.rules) || object.spec.rules.all(rule, !has(rule.http) || ",
          "rule.http.paths.all(entry, !has(entry.path) || entry.path.matches('^/[-._~/A-Za-z0-9]*$')))",
        ])
        message = "a path of an Ingress must start with / and hold letters, digits, dashes, dots, underscores, tildes and slashes only"
      },
      {
        expression = "has(object.spec.rules) && object.spec.rules.all(rule, has(rule.host) && rule.host != '')"
        message    = "every rule of an Ingress must name its host"
      },
    ]
  }
}

locals {
  policy = "ingress-annotations.kindling.internal"
}
