mock_provider "kubernetes" {}

run "plans_the_basic_example" {
  command = plan

  module {
    source = "./examples/basic"
  }

  assert {
    condition     = toset(keys(output.connections)) == toset(["catalog", "orders"])
    error_message = "the example must connect two services"
  }
}
