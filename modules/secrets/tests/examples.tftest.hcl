mock_provider "kubernetes" {}

run "plans_the_basic_example" {
  command = plan

  module {
    source = "./examples/basic"
  }

  assert {
    condition     = toset(keys(output.secrets)) == toset(["api-key", "pepper"])
    error_message = "the example must make two Secrets"
  }
}
