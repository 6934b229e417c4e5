module kindling.internal/supply/postgres

go 1.26.0
