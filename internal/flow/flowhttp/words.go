package flowhttp

import (
	"encoding/json"
	"strconv"

	"github.com/a-h/templ"
)

// fileSize is a size people understand.
func fileSize(n int64) string {
	switch {
	case n >= 1<<20:
		return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MB"
	case n >= 1<<10:
		return strconv.FormatInt(n>>10, 10) + " KB"
	}
	return strconv.FormatInt(n, 10) + " B"
}

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

func currentPage(yes bool) templ.Attributes {
	if yes {
		return templ.Attributes{"aria-current": "page"}
	}
	return nil
}
