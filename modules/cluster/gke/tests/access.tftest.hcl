# How the Kubernetes API is reached, and what workloads are told of it.
mock_provider "google" {}

override_resource {
  target          = google_container_cluster.this
  override_during = plan
  values = {
    id                             = "projects/example-project/locations/europe-west1/clusters/prod"
    endpoint                       = "203.0.113.7"
    private_cluster_config         = { private_endpoint = "10.0.0.2" }
    master_auth                    = { cluster_ca_certificate = "Y2E=" }
    control_plane_endpoints_config = { dns_endpoint_config = { endpoint = "gke-1.europe-west1.gke.goog" } }
  }
}

variables {
  project = "example-project"
  name    = "prod"
  region  = "europe-west1"
  network = {
    network        = "projects/example-project/global/networks/prod"
    subnetwork     = "projects/example-project/regions/europe-west1/subnetworks/prod"
    pods_range     = "prod-pods"
    services_range = "prod-services"
  }
  keys = {
    secrets = "projects/example-project/locations/europe-west1/keyRings/prod/cryptoKeys/secrets"
    disks   = "projects/example-project/locations/europe-west1/keyRings/prod/cryptoKeys/disks"
  }
}

run "is_reached_by_its_private_address" {
  command = plan

  assert {
    condition     = nonsensitive(output.cluster.endpoint) == "https://10.0.0.2" && nonsensitive(output.cluster.ca_certificate) == "ca"
    error_message = "the private address must be told, and the cluster's own authority"
  }
  assert {
    condition     = nonsensitive(yamldecode(output.cluster.kubeconfig).clusters[0].cluster) == { server = "https://10.0.0.2", "certificate-authority-data" = "Y2E=" }
    error_message = "the kubeconfig must say the same"
  }
}

run "tells_workloads_all_that_they_need" {
  command = plan

  assert {
    condition = toset(keys(nonsensitive(output.cluster))) == toset([
      "name", "flavour", "uid", "endpoint", "ca_certificate", "client_certificate", "client_key", "exec", "kubeconfig",
    ])
    error_message = "the output must have the fields that every flavour has"
  }
  assert {
    condition = (
      nonsensitive(output.cluster.name) == "prod" && nonsensitive(output.cluster.flavour) == "gke" && nonsensitive(output.cluster.uid) == null &&
      nonsensitive(output.cluster.client_certificate) == null && nonsensitive(output.cluster.client_key) == null
    )
    error_message = "there must be neither an identity nor a certificate of a client"
  }
  assert {
    condition = (
      nonsensitive(output.cluster.exec.command) == "gke-gcloud-auth-plugin" &&
      nonsensitive(output.cluster.exec.api_version) == "client.authentication.k8s.io/v1beta1" &&
      length(nonsensitive(output.cluster.exec.args)) == 0
    )
    error_message = "tokens must come from the plugin of gcloud"
  }
  assert {
    condition     = nonsensitive(yamldecode(output.cluster.kubeconfig).users[0].user.exec.command) == "gke-gcloud-auth-plugin"
    error_message = "the kubeconfig must hold no token"
  }
}

run "is_reached_by_its_name_from_anywhere" {
  command = plan

  variables {
    control_plane = { access = "dns", other_regions = true }
  }

  assert {
    condition = (
      google_container_cluster.this.control_plane_endpoints_config[0].dns_endpoint_config[0].allow_external_traffic &&
      google_container_cluster.this.private_cluster_config[0].enable_private_endpoint &&
      google_container_cluster.this.private_cluster_config[0].master_global_access_config[0].enabled
    )
    error_message = "the name must answer from outside, the address must stay private"
  }
  assert {
    condition     = nonsensitive(output.cluster.endpoint) == "https://gke-1.europe-west1.gke.goog" && nonsensitive(output.cluster.ca_certificate) == null
    error_message = "the name must be told, and no authority: every machine trusts Google's"
  }
  assert {
    condition     = nonsensitive(yamldecode(output.cluster.kubeconfig).clusters[0].cluster) == { server = "https://gke-1.europe-west1.gke.goog" }
    error_message = "the kubeconfig must say the same"
  }
}

run "is_reached_by_a_public_address_from_authorised_networks" {
  command = plan

  variables {
    control_plane = { access = "public", authorised_networks = [{ cidr = "203.0.113.0/24", name = "office" }] }
  }

  assert {
    condition     = !google_container_cluster.this.private_cluster_config[0].enable_private_endpoint && google_container_cluster.this.private_cluster_config[0].enable_private_nodes
    error_message = "the control plane must have a public address, the nodes none"
  }
  assert {
    condition     = one(google_container_cluster.this.master_authorized_networks_config[0].cidr_blocks) == { cidr_block = "203.0.113.0/24", display_name = "office" }
    error_message = "the authorised network must be let in, and no other"
  }
  assert {
    condition     = nonsensitive(output.cluster.endpoint) == "https://203.0.113.7"
    error_message = "the public address must be told"
  }
}

run "is_entered_by_a_load_balancer" {
  command = plan

  variables {
    ingress = { address = "prod-ingress" }
  }

  assert {
    condition     = output.ingress.http_port == 80 && output.ingress.https_port == 443 && output.ingress.exposure == "load_balancer"
    error_message = "users must come by a load balancer"
  }
  assert {
    condition = output.ingress.annotations == tomap({
      "cloud.google.com/l4-rbs"                      = "enabled"
      "networking.gke.io/load-balancer-ip-addresses" = "prod-ingress"
    })
    error_message = "the load balancer must be public, with the reserved address"
  }
}

run "is_entered_from_inside_the_network_alone" {
  command = plan

  variables {
    ingress = { http_port = 8080, https_port = 8443, public = false }
  }

  assert {
    condition     = output.ingress.http_port == 8080 && output.ingress.https_port == 8443
    error_message = "the ports must be the given ones"
  }
  assert {
    condition     = output.ingress.annotations == tomap({ "networking.gke.io/load-balancer-type" = "Internal" })
    error_message = "the load balancer must have an address of the network"
  }
}

run "refuses_an_unknown_access" {
  command = plan

  variables {
    control_plane = { access = "open" }
  }

  expect_failures = [var.control_plane]
}

run "refuses_to_let_everybody_in" {
  command = plan

  variables {
    control_plane = { access = "public", authorised_networks = [{ cidr = "0.0.0.0/0", name = "everybody" }] }
  }

  expect_failures = [var.control_plane]
}

run "refuses_to_let_everybody_in_by_halves" {
  command = plan

  variables {
    control_plane = { access = "public", authorised_networks = [{ cidr = "0.0.0.0/1", name = "a" }, { cidr = "128.0.0.0/1", name = "b" }] }
  }

  expect_failures = [var.control_plane]
}

run "refuses_a_network_that_is_none" {
  command = plan

  variables {
    control_plane = { authorised_networks = [{ cidr = "203.0.113.7", name = "office" }] }
  }

  expect_failures = [var.control_plane]
}

run "refuses_a_public_address_that_nobody_may_use" {
  command = plan

  variables {
    control_plane = { access = "public" }
  }

  expect_failures = [var.control_plane]
}
