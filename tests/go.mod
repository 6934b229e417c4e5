module kindling.internal/tests

go 1.26.0
