locals {
  # The account's own IAM policies decide who may use and manage the key. Without
  # this statement nobody could, and only AWS support could bring it back.
  administration = {
    Sid       = "Account"
    Effect    = "Allow"
    Principal = { AWS = "arn:aws:iam::${var.account_id}:root" }
    Action    = "kms:*"
    Resource  = "*" # in a key policy: this key
  }

  use = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]

  services = {
    logs = [{
      Sid       = "Logs"
      Effect    = "Allow"
      Principal = { Service = "logs.${var.region}.amazonaws.com" }
      Action    = local.use
      Resource  = "*"
      Condition = {
        ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:${var.region}:${var.account_id}:*" }
      }
    }]
    # As AWS's own key for volumes has it: whoever of this account starts an
    # instance, through EC2 alone. The role of EC2 Auto Scaling cannot be named:
    # a new account does not have it yet, and a policy with an unknown principal
    # is refused.
    volumes = [{
      Sid       = "Volumes"
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = concat(local.use, ["kms:CreateGrant"])
      Resource  = "*"
      Condition = {
        StringEquals = {
          "kms:CallerAccount" = var.account_id
          "kms:ViaService"    = "ec2.${var.region}.amazonaws.com"
        }
      }
    }]
  }
}

resource "aws_kms_key" "this" {
  description             = var.description
  enable_key_rotation     = true
  rotation_period_in_days = var.rotation_days
  deletion_window_in_days = var.deletion_window_days

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat([local.administration], flatten([for use in sort(var.uses) : local.services[use]]))
  })

  tags = merge(var.tags, { Name = var.name })
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}
