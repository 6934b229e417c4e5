locals {
  # Known before anything exists, so that a plan can tell it.
  host = "${var.account_id}.dkr.ecr.${var.region}.amazonaws.com/${var.name}"

  cached = merge([
    for host, cache in var.caches : { for repository in cache.repositories : "${host}/${repository}" => host }
  ]...)
}

resource "aws_ecr_repository" "service" {
  for_each = var.repositories

  name                 = "${var.name}/${each.key}"
  image_tag_mutability = "IMMUTABLE"
  force_delete         = false # one with images in it stays

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = var.key_arn
  }

  tags = var.tags
}

# Counts what has a tag: each image of a service has one, and its bill of
# materials, which has none, goes with it.
resource "aws_ecr_lifecycle_policy" "service" {
  for_each = aws_ecr_repository.service

  repository = each.value.name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "keep the newest ${var.kept_images} images"
      selection = {
        tagStatus      = "tagged"
        tagPatternList = ["*"]
        countType      = "imageCountMoreThan"
        countNumber    = var.kept_images
      }
      action = { type = "expire" }
    }]
  })
}

resource "aws_ecr_pull_through_cache_rule" "this" {
  for_each = var.caches

  ecr_repository_prefix      = "${var.name}/${each.key}"
  upstream_registry_url      = each.value.upstream
  upstream_repository_prefix = each.value.prefix
}

# Made here, and not by the first pull: nodes need no right to make repositories,
# and these are as strict as the others.
resource "aws_ecr_repository" "cached" {
  for_each = local.cached

  name                 = "${var.name}/${each.key}"
  image_tag_mutability = "IMMUTABLE"
  force_delete         = false

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = var.key_arn
  }

  tags = var.tags
}
