terraform {
  required_version = ">= 1.11"

  required_providers {
    kind = {
      source  = "kindling.internal/kindling/kind"
      version = "= 0.1.0"
    }
  }
}

provider "kind" {}
