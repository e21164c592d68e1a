#include "repository/key.h"

#include <algorithm>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/recovery_sheet.h"
#include "cli/table.h"
#include "cli/units.h"
#include "repository/out_of_place.h"

namespace firebreak {
namespace {

struct NewKeyOptions {
  std::string password_file;
  std::string password_command;
  std::string user;
  std::string host;
};

struct RemoveOptions {
  std::string id;
  bool dry_run = false;
};

Result<std::vector<std::string>> list_keys(Session& session, Backend& backend) {
  std::vector<std::string> names;
  for (const FileInfo& file : TRY(list_all(backend, FileType::Key, session.stop()))) {
    names.push_back(file.name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<ExitCode> list(Session& session) {
  Console& console = session.console();
  const OpenedRepository opened = TRY(session.open_to_read());
  Table table({"", "ID", "User", "Host", "Created"});
  Json json = Json::array();
  std::size_t broken = 0;
  for (const std::string& name : TRY(list_keys(session, *opened.backend))) {
    const Result<KeyFile> key = load_key(*opened.backend, name, session.stop());
    if (!key.ok()) {
      console.warn(key.error().message());
      ++broken;
      continue;
    }
    const bool is_current = name == opened.repository->key_id().hex();
    table.row({is_current ? "*" : "", name.substr(0, 8), key->by.username, key->by.hostname,
               format_time(key->created)});
    json.push_back({{"current", is_current},
                    {"id", name},
                    {"userName", key->by.username},
                    {"hostName", key->by.hostname},
                    {"created", format_time(key->created)}});
  }
  if (console.is_json()) {
    console.json(json);
  } else {
    table.print(console);
    console.say(counted(json.size(), "key") + "; * opened the repository now");
  }
  return broken == 0 ? ExitCode::Success : ExitCode::Failure;
}

// Stores a key for a new password and proves that it opens the repository.
Result<KeyId> make_new_key(Session& session, const OpenedRepository& opened,
                           const NewKeyOptions& options) {
  const PasswordSource source{options.password_file, options.password_command,
                              "FIREBREAK_NEW_PASSWORD", "--new-password", "new password"};
  const std::string password =
      TRY(read_password(source, PasswordUse::New, session.environment(), session.stop()));
  Identity by = session.identity();
  if (!options.user.empty()) by.username = options.user;
  if (!options.host.empty()) by.hostname = options.host;
  const KeyId id = TRY(add_key(*opened.backend, opened.repository->sealer().key(), password, by,
                               session.clock().now(), {}, session.stop()));
  const OpenedKey again =
      TRY(find_key(*opened.backend, password, id.hex(), session.stop())
              .context("key {} was stored and does not open; the old ones are as they were", id));
  if (again.id == id) return id;
  return error(Code::Corrupt, "key {} was stored and another opened, {}; both are there", id,
               again.id);
}

Result<ExitCode> add(Session& session, const NewKeyOptions& options) {
  Console& console = session.console();
  const OpenedRepository opened = TRY(session.open_to_change(LockKind::Shared, false));
  const std::vector<std::string> names = TRY(list_keys(session, *opened.backend));
  if (names.size() >= kKeysTriedMax) {
    return error(
        Code::Invalid,
        "there are {} keys, and no more are tried when the repository is opened; remove one "
        "first (firebreak key list)",
        names.size());
  }
  const KeyId id = TRY(make_new_key(session, opened, options));
  if (console.is_json()) {
    console.json({{"message_type", "key_added"}, {"id", id.hex()}});
    return ExitCode::Success;
  }
  console.line(fmt::format("key {} added", id.brief()));
  console.say("next: firebreak key list");
  return ExitCode::Success;
}

Result<ExitCode> change_password(Session& session, const NewKeyOptions& options) {
  Console& console = session.console();
  const OpenedRepository opened = TRY(session.open_to_change(LockKind::Exclusive, false));
  const KeyId old = opened.repository->key_id();
  const KeyId id = TRY(make_new_key(session, opened, options));
  TRY(opened.lock->held(session.stop()));
  TRY(opened.backend->remove({FileType::Key, old.hex()}, session.stop())
          .context("key {} was added, and the old password works, too: key {} was not removed",
                   id.brief(), old.brief()));
  if (console.is_json()) {
    console.json({{"message_type", "key_changed"}, {"id", id.hex()}, {"old_id", old.hex()}});
    return ExitCode::Success;
  }
  console.line(fmt::format("password changed: key {} in place of {}", id.brief(), old.brief()));
  console.say(
      "recovery sheets of the old key still open copies of the repository; next: firebreak "
      "key sheet FILE");
  return ExitCode::Success;
}

Result<std::string> choose_key(const std::vector<std::string>& names, const std::string& prefix) {
  std::optional<std::string> chosen;
  for (const std::string& name : names) {
    if (prefix.empty() || !name.starts_with(prefix)) continue;
    if (chosen) {
      return error(Code::Invalid, "\"{}\" is the beginning of more than one key's id",
                   printable(prefix));
    }
    chosen = name;
  }
  if (chosen) return *chosen;
  return error(Code::NotFound, "no key \"{}\"; see: firebreak key list", printable(prefix));
}

Result<ExitCode> remove(Session& session, const RemoveOptions& options) {
  Console& console = session.console();
  const OpenedRepository opened = TRY(session.open_to_change(LockKind::Exclusive, options.dry_run));
  const std::vector<std::string> names = TRY(list_keys(session, *opened.backend));
  const std::string name = TRY(choose_key(names, options.id));
  if (name == opened.repository->key_id().hex()) {
    return error(
        Code::Denied,
        "key {} opened the repository now and stays; to change its password, run firebreak "
        "key passwd",
        name.substr(0, 8));
  }
  if (!load_key(*opened.backend, name, session.stop()).ok()) {
    TRY(refuse_if_whole(*opened.backend, {FileType::Key, name}, session.stop())
            .context("nothing was removed"));
  }
  console.say(counted(names.size(), "key") + ", 1 to remove");
  if (!options.dry_run) {
    TRY(opened.lock->held(session.stop()));
    TRY(opened.backend->remove({FileType::Key, name}, session.stop()));
  }
  if (console.is_json()) {
    console.json({{"message_type", "key_removed"}, {"dry_run", options.dry_run}, {"id", name}});
    return ExitCode::Success;
  }
  console.line(fmt::format("{}key {}{}", options.dry_run ? "dry run: would have removed " : "",
                           name.substr(0, 8), options.dry_run ? "" : " removed"));
  console.say("next: firebreak key list");
  return ExitCode::Success;
}

Result<ExitCode> sheet(Session& session, const std::string& file) {
  TRY(check_sheet_path(file));
  const std::string location = TRY(session.location(session.options().repository));
  const OpenedRepository opened = TRY(session.open_to_read());
  TRY(write_recovery_sheet(session, opened, location, file));
  Console& console = session.console();
  if (console.is_json()) {
    console.json({{"message_type", "sheet_written"}, {"file", file}});
    return ExitCode::Success;
  }
  console.line(fmt::format("recovery sheet written to {}", printable(file)));
  console.say("next: print it, and write the password on it by hand");
  return ExitCode::Success;
}

void add_new_key_options(Command command, NewKeyOptions& options) {
  command.add_option("--new-password-file", options.password_file,
                     "file whose one line is the new password (FIREBREAK_NEW_PASSWORD_FILE)");
  command.add_option("--new-password-command", options.password_command,
                     "program that prints it (FIREBREAK_NEW_PASSWORD_COMMAND)");
  command.add_option("--user", options.user, "user name in the key");
  command.add_option("--host", options.host, "host name in the key");
}

}  // namespace

void add_key(Program& program) {
  program.command("key", "List, add, remove and change keys, one a password", {}, nullptr);
  program.command("key list", "List keys", {"firebreak key list -r /srv/backup"}, list);

  const auto added = std::make_shared<NewKeyOptions>();  // owned by the parser and by what runs
  add_new_key_options(
      program.command("key add", "Add a key with a password of its own",
                      {"firebreak key add -r /srv/backup --new-password-file ~/.second"},
                      [added](Session& session) { return add(session, *added); }),
      *added);

  const auto removed = std::make_shared<RemoveOptions>();
  Command remove_command =
      program.command("key remove", "Remove a key; not the one in use",
                      {"firebreak key remove -r /srv/backup 1a2b3c4d"},
                      [removed](Session& session) { return firebreak::remove(session, *removed); });
  remove_command.add_option("ID", removed->id, "the key's id or its beginning").required();
  remove_command.add_flag("-n,--dry-run", removed->dry_run, "say which one, remove nothing");

  const auto changed = std::make_shared<NewKeyOptions>();
  add_new_key_options(
      program.command("key passwd", "Change the password of the key in use",
                      {"firebreak key passwd -r /srv/backup"},
                      [changed](Session& session) { return change_password(session, *changed); }),
      *changed);

  const auto file = std::make_shared<std::string>();
  program
      .command("key sheet", "Write a page to print: all but the password that recovery needs",
               {"firebreak key sheet -r /srv/backup recovery.txt"},
               [file](Session& session) { return sheet(session, *file); })
      .add_option("FILE", *file, "where; a file that does not exist yet")
      .required();
}

}  // namespace firebreak
