package exchange_test

import (
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/locale"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestNoSecretCharacters holds that an import takes no character that a form refuses: none that turns text around, none
// that can't be seen. Nor does a message repeat one.
func TestNoSecretCharacters(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		for name, c := range map[string]struct{ kind, text, want string }{
			"bidi":     {"officials", "单位,姓名,职务,职级,监察对象类别\n石桥镇,甲\u202e乙,副镇长,副科级,c1\n", "2 wrong name:text.control"},
			"isolate":  {"officials", "单位,姓名,职务,职级,监察对象类别\n石桥镇,甲,副\u2066镇长,副科级,c1\n", "2 wrong post:text.control"},
			"delete":   {"officials", "单位,姓名,职务,职级,监察对象类别,对象编号\n石桥镇,甲,副镇长,副科级,c1,A\u007f1\n", "2 wrong official_no:text.control"},
			"lines":    {"clues", clueHead + strings.Replace(common("线1", "2024-02-01", "石桥镇", "吴某"), "反映吴某虚报", "\"反映\n虚报\"", 1) + "pool,,found,,,,\n", "2 wrong title:text.control"},
			"summary":  {"clues", clueHead + strings.Replace(common("线1", "2024-02-01", "石桥镇", "吴某"), "虚报管护费", "\"一、\n二、\"", 1) + "pool,,found,,,,\n", "2 new"},
			"hidden":   {"clues", clueHead + strings.Replace(common("线1", "2024-02-01", "石桥镇", "吴某"), "虚报管护费", "虚\u202a报", 1) + "pool,,found,,,,\n", "2 wrong summary:text.control"},
			"group":    {"people", "单位,职务,姓名,任组长的工作专班,其他分工\n石桥镇,书记,潘书,河长制\u202e专班,分\u2067管\n", "2 wrong groups:text.control duties:text.control"},
			"choice":   {"people", "单位,职务,姓名\n石桥镇,书\u202e记,潘书\n", "2 wrong post:sheet.choice"},
			"division": {"divisions", "区划代码,名称\n990101004000,新\u202d圩镇\n", "2 wrong unit_name:text.control"},
		} {
			rep := bring(t, w, access.ByOperator(apptest.City), c.kind, c.text, true)
			if got := does(rep); !strings.HasPrefix(got, c.want) {
				t.Errorf("%s: %s, want %s", name, got, c.want)
			}
			for _, l := range rep.Lines {
				said := l.Name
				for _, p := range l.Problems {
					said += p.Text(locale.Zh)
				}
				if strings.ContainsAny(said, "\u202a\u202d\u202e\u2066\u2067\u007f") {
					t.Errorf("%s: the report repeats it: %q", name, said)
				}
			}
		}
	})
}
