# A private cluster whose API answers whom IAM lets connect, and two pools: one for
# everything, one of spot machines for what says that it can be moved.
module "network" {
  source = "../../../../network/gcp"

  project = "example-project"
  region  = "europe-west1"
  name    = "example"
}

module "cluster" {
  source = "../.."

  project       = "example-project"
  region        = "europe-west1"
  name          = "example"
  network       = module.network.cluster
  control_plane = { access = "dns" }
  keys = {
    secrets = "projects/example-project/locations/europe-west1/keyRings/example/cryptoKeys/secrets"
    disks   = "projects/example-project/locations/europe-west1/keyRings/example/cryptoKeys/disks"
  }
  node_pools = {
    general = {}
    spot = {
      spot   = true
      nodes  = { min = 0, max = 6 }
      taints = [{ key = "spot", value = "true", effect = "NO_SCHEDULE" }]
    }
  }
}

output "kubeconfig" {
  description = "Kubeconfig for whoever gcloud is logged in as."
  value       = module.cluster.cluster.kubeconfig
  sensitive   = true
}
