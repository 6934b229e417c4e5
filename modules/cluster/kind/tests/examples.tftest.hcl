mock_provider "kind" {}

run "plans_the_basic_example" {
  command = plan

  module {
    source = "./examples/basic"
  }
}
