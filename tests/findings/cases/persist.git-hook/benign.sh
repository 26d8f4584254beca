mkdir -p hooks; echo true >hooks/pre-commit
