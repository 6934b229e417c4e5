# Ephemeral resources cannot be mocked, so both providers are the real ones. Nothing
# is asked of Google: what does not exist yet is only planned, by a token that nobody
# gave and in a domain that is none.
provider "google" {
  project         = "example-project"
  access_token    = "offline"
  universe_domain = "offline.invalid"
}

run "plans_the_basic_example" {
  command = plan

  module {
    source = "./examples/basic"
  }
}
