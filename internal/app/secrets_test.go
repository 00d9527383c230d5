package app

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// shown are the fields of forms that may stand on an error page: what opens nothing, and what is not sealed. A field that is
// new stands here or among the secrets; nobody forgets to ask which.
var shown = strings.Fields(`parts _entry _key _version acting addressee after again all appointment as asker assigned_by at back basis before begins body born cap category channel checkers
	chief city clock copies correct counties county decision department deviation discipline do due en ends evidence family field file find for from from_kind
	from_no from_text full given_by ground groups hand have head holding hours inspectors into kind lang late_reason least leave_paper leave_reason
	leave_to length log login look looked member minutes month name named new next no note of office official on only opening organ owes paper part party
	party_member passkey people person place post program q rank reached reason received relation reorganisation result role rotating row rule seen signs size skills
	slot source subject_name sum summary target title to town towns township ttl under undisclosed unit unit_text unit_typed until used user verdict
	verify_note version view viewport village way what why work zh`)

var (
	reRead   = regexp.MustCompile(`\bf\.(?:Get|Has)\("([a-z_]+)"\)|\bf\["([a-z_]+)"\]`)
	reNamed  = regexp.MustCompile(`\bname="([a-z_]+)"`)
	reHidden = regexp.MustCompile(`field\(c, "([a-z_]+)", "password"|\bsecret\("[^"]*", "([a-z_]+)"`)
)

// TestSecrets walks every form's fields, in the pages that write them and the handlers that read them: whatever is typed
// unseen is secret, and what is neither secret nor known to be harmless fails.
func TestSecrets(t *testing.T) {
	t.Parallel()
	found, unseen := map[string]string{}, map[string]string{}
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		page := strings.Contains(filepath.Base(filepath.Dir(path)), "http") || strings.HasSuffix(filepath.Dir(path), "web/ui")
		if err != nil || e.IsDir() || !page || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_templ.go") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		put := func(into map[string]string, re *regexp.Regexp) {
			for _, m := range re.FindAllStringSubmatch(string(b), -1) {
				into[strings.Join(m[1:], "")] = path
			}
		}
		switch filepath.Ext(path) {
		case ".go":
			put(found, reRead)
			put(unseen, reHidden)
		case ".templ":
			put(found, reNamed)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 80 || len(unseen) < 5 {
		t.Fatalf("only %d fields and %d unseen ones were found", len(found), len(unseen))
	}
	for name, path := range unseen {
		if !slices.Contains(secrets, name) {
			t.Errorf("%s: %s is typed unseen and is not secret", path, name)
		}
	}
	for name, path := range found {
		switch secret := slices.Contains(secrets, name); {
		case secret && slices.Contains(shown, name):
			t.Errorf("%s is both", name)
		case !secret && !slices.Contains(shown, name):
			t.Errorf("%s: the field %s may be secret; say so, or that it is not", path, name)
		}
	}
	for _, name := range secrets { // one that no form has any more would hide that its form has another name now
		if _, ok := found[name]; !ok && name != "code" {
			if _, ok := unseen[name]; !ok {
				t.Errorf("no form has the secret %s", name)
			}
		}
	}
}
