// Package rules embeds the rulebook: the YAML files beside this one, which say how long, on which grounds, by whose
// approval and under which name. Package internal/rulebook reads and checks them; nothing else is here.
package rules

import "embed"

// Files holds every rulebook file by its name, at the root.
//
//go:embed *.yaml
var Files embed.FS
