// Reads names of files from the standard input, one a line; prints for each one line of JSON with what GitHub's own parser has against it.
import {readFileSync} from "node:fs";
import {NoOperationTraceWriter, parseWorkflow} from "@actions/workflow-parser";

for (const file of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const result = parseWorkflow({name: "workflow.yml", content: readFileSync(file, "utf8")}, new NoOperationTraceWriter());
  console.log(JSON.stringify(result.context.errors.getErrors().map((error) => error.rawMessage)));
}
