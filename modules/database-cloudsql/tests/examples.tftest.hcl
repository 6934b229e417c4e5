mock_provider "google" {}

run "plans_the_basic_example" {
  command = plan

  module {
    source = "./examples/basic"
  }
}
