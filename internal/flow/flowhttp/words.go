package flowhttp

import (
	"encoding/json"
)

// openedText is what an envelope held, as lines: an identity is stored as fields.
func openedText(v openView) string {
	if v.What != "identity" {
		return v.Content
	}
	var f map[string]string
	if err := json.Unmarshal([]byte(v.Content), &f); err != nil {
		return v.Content
	}
	s := ""
	for _, k := range []string{"name", "contact", "when"} {
		if f[k] != "" {
			s += v.Frame.T("field.reporter_"+k) + v.Frame.T("punct.colon") + f[k] + "\n"
		}
	}
	return s
}
