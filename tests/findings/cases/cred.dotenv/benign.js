require("fs").readFileSync("environment")
