mock_provider "aws" {}

run "plans_the_basic_example" {
  command = plan

  module {
    source = "./examples/basic"
  }
}
