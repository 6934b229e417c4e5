output "secrets" {
  description = "How to read and set each secret, by SERVICE/NAME, the same in every flavour: commands that print the revision of its newest value (nothing, when there is none), print the value of the revision that takes the place of the argument REVISION (and a newline), and set the value that they read from standard input. Never a value."
  value = {
    for key, secret in google_secret_manager_secret.this : key => {
      # Google lists the newest version first.
      revision_command = {
        command = "gcloud"
        args = [
          "secrets", "versions", "list", secret.secret_id, "--project=${var.project}",
          "--filter=state:ENABLED", "--limit=1", "--format=value(name.basename())",
        ]
      }
      # Its own format but for the newline, which the other flavours print too.
      value_command = {
        command = "gcloud"
        args = [
          "secrets", "versions", "access", "REVISION", "--project=${var.project}", "--secret=${secret.secret_id}",
          "--format=value[private](payload.data.decode(base64).decode(utf8))",
        ]
      }
      set_command = {
        command = "gcloud"
        args    = ["secrets", "versions", "add", secret.secret_id, "--project=${var.project}", "--data-file=-"]
      }
    }
  }

  depends_on = [google_secret_manager_secret_version.this, google_secret_manager_secret_iam_member.this]
}
