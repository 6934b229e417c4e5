mock_provider "kubernetes" {}

run "plans_the_basic_example" {
  command = plan

  module {
    source = "./examples/basic"
  }

  variables {
    certificate = {
      certificate_file = "./tests/fixtures/certificate.txt"
      key_file         = "./tests/fixtures/key.txt"
    }
  }

  assert {
    condition     = output.class == "nginx"
    error_message = "the example must tell the class"
  }
}
