// SPDX-License-Identifier: Apache-2.0
#include "app/platform/paths.h"

#include "engine/trace/error.h"

#include <array>
#include <cstdlib>
#include <optional>
#include <vector>

#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>
#elif defined(__APPLE__)
#include <mach-o/dyld.h>
#include <pwd.h>
#include <unistd.h>
#else
#include <pwd.h>
#include <unistd.h>
#endif

namespace moescope::platform {
namespace {

namespace fs = std::filesystem;

#ifdef _WIN32

std::optional<fs::path> environmentPath(const wchar_t* name) {
    const wchar_t* value = _wgetenv(name);
    return value != nullptr && *value != 0 ? std::optional<fs::path>(value) : std::nullopt;
}
#define MOESCOPE_ENVIRONMENT_PATH(name) environmentPath(L##name)

#else

std::optional<fs::path> environmentPath(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != 0 ? std::optional<fs::path>(value) : std::nullopt;
}
#define MOESCOPE_ENVIRONMENT_PATH(name) environmentPath(name)

/** HOME, else what the user database says: services and containers often run without HOME. */
std::optional<fs::path> homeFolder() {
    if (auto home = environmentPath("HOME"); home && home->is_absolute()) {
        return home;
    }
    passwd entry{};
    passwd* found = nullptr;
    std::vector<char> buffer(16384);
    if (getpwuid_r(getuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr &&
        found->pw_dir != nullptr && found->pw_dir[0] == '/') {
        return fs::path(found->pw_dir);
    }
    return std::nullopt;
}

#endif

std::optional<fs::path> folder(bool cache) {
#ifdef _WIN32
    if (auto local = MOESCOPE_ENVIRONMENT_PATH("LOCALAPPDATA")) {
        return cache ? *local / "moescope" / "cache" : *local / "moescope";
    }
    return std::nullopt;
#elif defined(__APPLE__)
    if (auto home = homeFolder()) {
        return *home / "Library" / (cache ? "Caches" : "Application Support") / "moescope";
    }
    return std::nullopt;
#else
    // The XDG specification ignores relative paths.
    if (auto base = environmentPath(cache ? "XDG_CACHE_HOME" : "XDG_DATA_HOME"); base && base->is_absolute()) {
        return *base / "moescope";
    }
    if (auto home = homeFolder()) {
        return cache ? *home / ".cache" / "moescope" : *home / ".local" / "share" / "moescope";
    }
    return std::nullopt;
#endif
}

fs::path shared(const char* path) { return executableFolder().parent_path() / "share" / "moescope" / path; }

} // namespace

fs::path executableFolder() {
#ifdef _WIN32
    std::vector<wchar_t> name(32768);
    const DWORD length = GetModuleFileNameW(nullptr, name.data(), static_cast<DWORD>(name.size()));
    return length == 0 ? fs::path() : fs::path(std::wstring(name.data(), length)).parent_path();
#elif defined(__APPLE__)
    uint32_t size = 0;
    _NSGetExecutablePath(nullptr, &size);
    std::vector<char> name(size + 1);
    std::error_code error;
    return _NSGetExecutablePath(name.data(), &size) == 0 ? fs::canonical(name.data(), error).parent_path() : fs::path();
#else
    std::error_code error;
    const fs::path self = fs::read_symlink("/proc/self/exe", error);
    return error ? fs::path() : self.parent_path();
#endif
}

fs::path dataFolder() {
    if (auto found = folder(false)) {
        return *found;
    }
    throw trace::Error("paths.home",
                       "No home folder was found for this user, so there is no place to keep conversations. "
                       "Set HOME or name a folder with --data-dir.");
}

fs::path cacheFolder() { return folder(true).value_or(fs::path()); }

fs::path usableCacheFolder() {
    const fs::path folder = cacheFolder();
    std::error_code error;
    if (!folder.empty()) {
        fs::create_directories(folder, error);
    }
#ifdef _WIN32
    return error ? fs::path() : folder;
#else
    const bool usable = !folder.empty() && !error && access(folder.c_str(), W_OK) == 0;
    // Mesa takes an empty variable for a path and prints that it cannot be made.
    const char* base = std::getenv("XDG_CACHE_HOME");
    if (!usable || (base != nullptr && *base == 0)) {
        setenv("MESA_SHADER_CACHE_DISABLE", "true", 0);
    }
    return usable ? folder : fs::path();
#endif
}

fs::path builtinHaystack() {
    const fs::path beside = shared("needle/stories.txt");
    std::error_code error;
    if (!fs::exists(beside, error)) {
        throw trace::Error("paths.haystack",
                           "The text for needles is not at “{path}”, so the installation is not whole.",
                           {{"path", toUtf8(beside)}});
    }
    return beside;
}

fs::path builtinModel() {
    std::error_code error;
    const fs::path beside = shared("models/nano.gguf");
    if (fs::exists(beside, error)) {
        return beside;
    }
    if (auto named = MOESCOPE_ENVIRONMENT_PATH("MOESCOPE_BUILTIN_MODEL")) {
        return *named;
    }
    throw trace::Error("paths.builtin", "The built-in model is not at “{path}”, so the installation is not whole.",
                       {{"path", toUtf8(beside)}});
}

fs::path resolveModel(std::string_view model) { return model == "builtin" ? builtinModel() : fromUtf8(model); }

fs::path fromUtf8(std::string_view text) {
#ifdef _WIN32
    return fs::path(std::u8string(text.begin(), text.end()));
#else
    return fs::path(std::string(text));
#endif
}

std::string toUtf8(const fs::path& path) {
#ifdef _WIN32
    const std::u8string text = path.u8string();
    return std::string(text.begin(), text.end());
#else
    return path.string();
#endif
}

} // namespace moescope::platform
