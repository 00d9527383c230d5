package db

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// SharedTables have no tenant: nation-wide directories, reference data and the machinery's own tables.
var SharedTables = map[string]bool{
	"tenants": true, "logins": true, "jobs": true, "settings_deployment": true, "goose_db_version": true,
	"holiday_years": true, "attempts": true, "search_fts": true, "search_fts_data": true, "search_fts_idx": true,
}

// ScratchTables hold what is no fact (D6). Scratch transactions may write these and nothing else, and no act is owed
// for them.
var ScratchTables = map[string]bool{
	"sessions": true, "attempts": true, "idempotency": true, "drafts": true, "seen": true, "jobs": true,
	"access_log": true, "passkey_challenges": true, "likenesses": true,
}

var (
	reTable  = regexp.MustCompile(`(?i)\b(from|join|into|update)\s+([a-z_][a-z0-9_]*)(?:\s+(?:as\s+)?([a-z_][a-z0-9_]*))?`)
	reNoise  = regexp.MustCompile(`(?s)'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/`)
	reCTE    = regexp.MustCompile(`(?i)(?:\bwith\s+(?:recursive\s+)?|,\s*)([a-z_][a-z0-9_]*)\s*(?:\([^)]*\))?\s+as\s*\(`)
	reBanned = regexp.MustCompile(`(?i)\b(rollup|cube|grouping\s+sets|merge|listen|notify|for\s+update|skip\s+locked|autoincrement|last_insert_rowid|json_each|select\s+\*|serial)\b|\*\s+from\b|=\s*any\s*\(|->>`)
	reInsert = regexp.MustCompile(`(?i)insert\s+into\s+([a-z_][a-z0-9_]*)\s*\(\s*([a-z_]+)[^)]*\)\s*(values|select)\s*\(?\s*(\$1\b|[a-z_.0-9$]+)?`)
	reBare   = regexp.MustCompile(`(?i)on\s+conflict\s+do\b`)
	reRaw    = regexp.MustCompile(`(?i)\blike\b`)
)

// keywords that may stand after a table name where an alias could be.
var notAlias = map[string]bool{"where": true, "set": true, "on": true, "order": true, "group": true, "limit": true, "left": true, "join": true,
	"inner": true, "values": true, "returning": true, "union": true, "cross": true, "select": true, "indexed": true, "using": true, "having": true}

var linted sync.Map // text → error or nil

// Lint says what is wrong with a statement: a business table without the tenant, an upsert without its columns, or a
// word that one of the engines (or a sharded one, later) lacks.
func Lint(text string) error {
	if v, ok := linted.Load(text); ok {
		err, _ := v.(error)
		return err
	}
	err := lint(text)
	if err == nil {
		linted.Store(text, nil)
	} else {
		linted.Store(text, err)
	}
	return err
}

func lint(text string) error {
	s := reNoise.ReplaceAllString(text, "''")
	if strings.Contains(text, "/*engine*/") {
		// One of the few statements that exist once an engine, side by side under one test.
		s = reNoise.ReplaceAllString(text, "''")
	} else if m := reBanned.FindString(s); m != "" {
		return fmt.Errorf("%q is not in the portable subset", strings.TrimSpace(m))
	}
	if reBare.MatchString(s) {
		return fmt.Errorf("ON CONFLICT names no columns")
	}
	if reRaw.MatchString(s) && !strings.Contains(strings.ToLower(s), "lower(") && !strings.Contains(text, "/*han*/") {
		return fmt.Errorf("LIKE folds ASCII case on one engine only: use lower() on both sides")
	}
	ctes := map[string]bool{}
	for _, m := range reCTE.FindAllStringSubmatch(s, -1) {
		ctes[strings.ToLower(m[1])] = true
	}
	for _, m := range reTable.FindAllStringSubmatch(s, -1) {
		verb, table, alias := strings.ToLower(m[1]), strings.ToLower(m[2]), strings.ToLower(m[3])
		if SharedTables[table] || ctes[table] || table == "set" || table == "skip" || table == "select" || strings.HasPrefix(table, "sqlite_") || strings.HasPrefix(table, "pg_") {
			continue
		}
		if verb == "into" {
			if err := lintInsert(s); err != nil {
				return err
			}
			continue
		}
		name := alias
		if name == "" || notAlias[name] {
			name = table
		}
		if !tenantNamed(s, name, alias == "" || notAlias[alias]) {
			return fmt.Errorf("table %s is read or written without its tenant: no %s.city_id = $1", table, name)
		}
	}
	return nil
}

func lintInsert(s string) error {
	m := reInsert.FindStringSubmatch(s)
	if m == nil {
		return fmt.Errorf("INSERT must list its columns")
	}
	if SharedTables[strings.ToLower(m[1])] {
		return nil
	}
	if strings.ToLower(m[2]) != "city_id" {
		return fmt.Errorf("INSERT INTO %s: the first column must be city_id", m[1])
	}
	if !strings.HasPrefix(m[4], "$1") && !strings.HasSuffix(strings.ToLower(m[4]), "city_id") {
		return fmt.Errorf("INSERT INTO %s: city_id must be $1", m[1])
	}
	return nil
}

func tenantNamed(s, name string, bare bool) bool {
	q := regexp.QuoteMeta(name)
	if regexp.MustCompile(`(?i)\b` + q + `\.city_id\s*=\s*(\$1\b|[a-z_][a-z0-9_]*\.city_id)`).MatchString(s) {
		return true
	}
	if regexp.MustCompile(`(?i)\b[a-z_][a-z0-9_]*\.city_id\s*=\s*` + q + `\.city_id`).MatchString(s) {
		return true
	}
	return bare && regexp.MustCompile(`(?i)(?:[^.a-z_]|^)city_id\s*=\s*\$1\b`).MatchString(s)
}

func scratchOnly(text string) error {
	s := strings.ToLower(reNoise.ReplaceAllString(text, "''"))
	s = strings.ReplaceAll(s, "delete from", "into")
	for _, m := range regexp.MustCompile(`\b(into|update)\s+([a-z_][a-z0-9_]*)`).FindAllStringSubmatch(s, -1) {
		if m[2] != "set" && !ScratchTables[m[2]] {
			return fmt.Errorf("scratch transaction writes %s, which is not on the closed list", m[2])
		}
	}
	return nil
}
