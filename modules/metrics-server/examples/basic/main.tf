# Metrics of a kubeadm cluster, whose kubelets sign their own certificates.
module "metrics_server" {
  source = "../.."

  image                       = "registry.k8s.io/metrics-server/metrics-server:v0.8.0@sha256:89258156d0e9af60403eafd44da9676fd66f600c7934d468ccc17e42b199aee2"
  verify_kubelet_certificates = false
}
