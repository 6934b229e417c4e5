# The random provider is the real one: ephemeral resources cannot be mocked, and it
# talks to nobody.
mock_provider "google" {}

run "plans_the_basic_example" {
  command = plan

  module {
    source = "./examples/basic"
  }
}
