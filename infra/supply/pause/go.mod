module kindling.internal/supply/pause

go 1.26.0
