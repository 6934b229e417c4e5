output "secrets" {
  description = "How to read and set each secret, by SERVICE/NAME, the same in every flavour: commands that print the revision of its newest value (nothing, when there is none), print the value of the revision that takes the place of the argument REVISION (and a newline), and set the value that they read from standard input. Never a value."
  value = {
    for key, secret in aws_secretsmanager_secret.this : key => {
      # It needs no leave to read the value.
      revision_command = {
        command = "aws"
        args = [
          "secretsmanager", "list-secret-version-ids", "--secret-id", secret.arn, "--region", var.region,
          "--query", "Versions[?contains(VersionStages, 'AWSCURRENT')].VersionId", "--output", "text",
        ]
      }
      value_command = {
        command = "aws"
        args = [
          "secretsmanager", "get-secret-value", "--secret-id", secret.arn, "--region", var.region,
          "--version-id", "REVISION", "--query", "SecretString || ''", "--output", "text", # a binary one is none
        ]
      }
      set_command = {
        command = "aws"
        args = [
          "secretsmanager", "put-secret-value", "--secret-id", secret.arn, "--region", var.region,
          "--secret-string", "file:///dev/stdin",
        ]
      }
    }
  }

  depends_on = [aws_secretsmanager_secret_version.this]
}
