mock_provider "kubernetes" {}

run "plans_the_basic_example" {
  command = plan

  module {
    source = "./examples/basic"
  }

  assert {
    condition     = output.urls == ["https://shop.localhost/api/products"]
    error_message = "the example must tell its address"
  }
}
