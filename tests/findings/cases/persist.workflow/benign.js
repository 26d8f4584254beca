require("fs").writeFileSync("x.yml", "on: push")
