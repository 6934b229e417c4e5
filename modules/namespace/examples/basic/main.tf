# A namespace that refuses everything that no policy allows.
module "namespace" {
  source = "../.."

  name = "apps"
}
