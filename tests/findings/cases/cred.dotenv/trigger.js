require("fs").readFileSync(".env")
