// SPDX-License-Identifier: Apache-2.0
#include "app/platform/console.h"

#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

#include <fcntl.h>
#include <io.h>
#include <shellapi.h>
#include <stdio.h>
#else
#include <unistd.h>
#endif

namespace moescope::platform {
namespace {

constexpr unsigned char escape = 0x1B;
constexpr unsigned char bell = 0x07;
// An unfinished string sequence must not swallow the rest of an answer.
constexpr int longestString = 4096;

} // namespace

bool isTerminal(Stream stream) {
#ifdef _WIN32
    const int descriptor = stream == Stream::Input ? 0 : stream == Stream::Output ? 1 : 2;
    return _isatty(descriptor) != 0;
#else
    return isatty(stream == Stream::Input    ? STDIN_FILENO
                  : stream == Stream::Output ? STDOUT_FILENO
                                             : STDERR_FILENO) != 0;
#endif
}

void setUpConsole() {
#ifdef _WIN32
    SetConsoleOutputCP(CP_UTF8);
    SetConsoleCP(CP_UTF8);
    for (const DWORD which : {STD_OUTPUT_HANDLE, STD_ERROR_HANDLE}) {
        DWORD mode = 0;
        HANDLE handle = GetStdHandle(which);
        if (GetConsoleMode(handle, &mode) != 0) {
            SetConsoleMode(handle, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
        }
    }
    if (!isTerminal(Stream::Output)) {
        _setmode(1, _O_BINARY);
    }
#endif
}

std::vector<std::string> utf8Arguments(int argc, char** argv) {
#ifdef _WIN32
    int count = 0;
    LPWSTR* wide = CommandLineToArgvW(GetCommandLineW(), &count);
    std::vector<std::string> arguments;
    for (int i = 0; wide != nullptr && i < count; ++i) {
        const int bytes = WideCharToMultiByte(CP_UTF8, 0, wide[i], -1, nullptr, 0, nullptr, nullptr);
        std::string text(static_cast<size_t>(bytes > 0 ? bytes - 1 : 0), '\0');
        WideCharToMultiByte(CP_UTF8, 0, wide[i], -1, text.data(), bytes, nullptr, nullptr);
        arguments.push_back(std::move(text));
    }
    LocalFree(wide);
    (void)argc;
    (void)argv;
    return arguments;
#else
    return std::vector<std::string>(argv, argv + argc);
#endif
}

std::string EscapeFilter::pass(std::string_view piece) {
    std::string out;
    out.reserve(piece.size());
    for (const char c : piece) {
        const auto byte = static_cast<unsigned char>(c);
        if (m_state == State::Lead) {
            m_state = State::Text;
            if (byte >= 0x80 &&
                byte <= 0x9F) { // C2 80…C2 9F: the C1 controls; 9B opens a sequence, 9D and kin a string
                m_state = byte == 0x9B ? State::Sequence
                          : byte == 0x90 || byte == 0x98 || byte == 0x9D || byte == 0x9E || byte == 0x9F ? State::String
                                                                                                         : State::Text;
                m_swallowed = 0;
                continue;
            }
            out += '\xC2';
        }
        switch (m_state) {
        case State::Escape:
            m_swallowed = 0;
            if (byte == '[') {
                m_state = State::Sequence;
            } else if (byte == ']' || byte == 'P' || byte == 'X' || byte == '^' || byte == '_') {
                m_state = State::String;
            } else if (byte >= 0x20 && byte <= 0x2F) {
                // intermediate bytes ("ESC ( B"): the final byte follows
            } else {
                m_state = State::Text;
            }
            continue;
        case State::Sequence:
            if (byte >= 0x20 && byte <= 0x3F) {
                continue;
            }
            m_state = byte == escape ? State::Escape : State::Text;
            if (byte >= 0x40 && byte <= 0x7E) {
                continue;
            }
            break;
        case State::StringEscape: m_state = byte == '\\' ? State::Text : State::String; continue;
        case State::String:
            if (byte == bell || byte == '\n' || ++m_swallowed > longestString) {
                m_state = State::Text;
            } else if (byte == escape) {
                m_state = State::StringEscape;
            }
            if (byte != '\n') {
                continue;
            }
            break;
        case State::Text:
        case State::Lead: break;
        }
        if (byte == escape) {
            m_state = State::Escape;
        } else if (byte == 0xC2) {
            m_state = State::Lead;
        } else if (byte == '\n' || byte == '\t' || (byte >= 0x20 && byte != 0x7F)) {
            out += c;
        }
    }
    return out;
}

} // namespace moescope::platform
