// SPDX-License-Identifier: Apache-2.0
#include "ui/models/tokentext.h"

#include <QChar>
#include <QCoreApplication>
#include <QLocale>

#include <algorithm>

namespace moescope::ui {

namespace {

constexpr char32_t invalid = 0xFFFFFFFF;

struct Decoded {
    char32_t character = invalid; ///< invalid: `size` is 1, one byte that is no UTF-8
    size_t size = 1;
};

Decoded decodeAt(const std::string& bytes, size_t at) {
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
    const unsigned char first = byte(at);
    if (first < 0x80) {
        return {first, 1};
    }
    const size_t size = first >= 0xF0 && first < 0xF5 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first >= 0xF5 || at + size > bytes.size()) {
        return {};
    }
    char32_t character = first & (0xFFU >> (size + 1));
    for (size_t i = 1; i < size; ++i) {
        if ((byte(at + i) & 0xC0U) != 0x80) {
            return {};
        }
        character = character << 6U | (byte(at + i) & 0x3FU);
    }
    const bool overlong = (size == 3 && character < 0x800) || (size == 4 && character < 0x10000);
    const bool surrogate = character >= 0xD800 && character < 0xE000;
    return overlong || surrogate || character > 0x10FFFF ? Decoded{} : Decoded{character, size};
}

bool isCjk(char32_t c) {
    switch (QChar::script(c)) {
    case QChar::Script_Han:
    case QChar::Script_Hiragana:
    case QChar::Script_Katakana:
    case QChar::Script_Hangul:
    case QChar::Script_Bopomofo: return true;
    default: return false;
    }
}

TokenClass characterClass(char32_t c) {
    if (isCjk(c)) {
        return TokenClass::Cjk;
    }
    if (QChar::category(c) == QChar::Number_DecimalDigit) {
        return TokenClass::Digits;
    }
    if (QChar::isLetter(c) || QChar::isMark(c) || QChar::isNumber(c)) {
        return TokenClass::Word;
    }
    return QChar::isPunct(c) ? TokenClass::Punctuation : TokenClass::Symbol;
}

/** A mark inside a word or number belongs to it: don't, well-known, 3.14. */
bool joins(char32_t c, TokenClass kind) {
    const bool word = c == U'\'' || c == U'’' || c == U'-';
    return (kind == TokenClass::Word && word) || (kind == TokenClass::Digits && (c == U'.' || c == U','));
}

} // namespace

TokenClass tokenClass(const std::string& bytes) {
    std::u32string text;
    for (size_t at = 0; at < bytes.size();) {
        const Decoded next = decodeAt(bytes, at);
        if (next.character == invalid) {
            return TokenClass::Bytes;
        }
        text.push_back(next.character);
        at += next.size;
    }
    const auto isSpace = [](char32_t c) { return QChar::isSpace(c); };
    const auto first = std::find_if_not(text.begin(), text.end(), isSpace);
    if (first == text.end()) {
        return text.find(U'\n') != std::u32string::npos ? TokenClass::LineBreak : TokenClass::Whitespace;
    }
    const auto last = std::find_if_not(text.rbegin(), text.rend(), isSpace).base();
    const auto lead = std::find_if(first, last, [](char32_t c) {
        const TokenClass kind = characterClass(c);
        return kind != TokenClass::Punctuation && kind != TokenClass::Symbol;
    });
    const TokenClass kind = characterClass(lead == last ? *first : *lead);
    for (auto at = first; at != last; ++at) {
        const bool inside = at != first && at + 1 != last;
        const bool contraction = kind == TokenClass::Word && (*at == U'\'' || *at == U'’');
        if (characterClass(*at) != kind && !(joins(*at, kind) && (inside || contraction))) {
            return TokenClass::Mixed;
        }
    }
    return kind;
}

QString tokenClassName(TokenClass kind) {
    const auto tr = [](const char* text) { return QCoreApplication::translate("TokenClass", text); };
    switch (kind) {
    case TokenClass::Word: return tr(QT_TRANSLATE_NOOP("TokenClass", "word"));
    case TokenClass::Cjk: return tr(QT_TRANSLATE_NOOP("TokenClass", "CJK"));
    case TokenClass::Digits: return tr(QT_TRANSLATE_NOOP("TokenClass", "digits"));
    case TokenClass::Punctuation: return tr(QT_TRANSLATE_NOOP("TokenClass", "punctuation"));
    case TokenClass::Symbol: return tr(QT_TRANSLATE_NOOP("TokenClass", "symbol"));
    case TokenClass::Whitespace: return tr(QT_TRANSLATE_NOOP("TokenClass", "whitespace"));
    case TokenClass::LineBreak: return tr(QT_TRANSLATE_NOOP("TokenClass", "line break"));
    case TokenClass::Mixed: return tr(QT_TRANSLATE_NOOP("TokenClass", "mixed"));
    case TokenClass::Bytes: return tr(QT_TRANSLATE_NOOP("TokenClass", "part of a character"));
    }
    return {};
}

QString tokenLabel(const std::string& bytes) {
    QString label;
    for (size_t at = 0; at < bytes.size();) {
        const Decoded next = decodeAt(bytes, at);
        const char32_t c = next.character;
        if (c == invalid || (QChar::category(c) == QChar::Other_Control && c != '\n' && c != '\t')) {
            const auto byte = static_cast<unsigned char>(bytes[at]);
            label += QStringLiteral("‹%1›").arg(byte, 2, 16, QLatin1Char('0')).toUpper();
            at += c == invalid ? 1 : next.size;
            continue;
        }
        if (QChar::category(c) == QChar::Other_Format && c != 0x200C && c != 0x200D) {
            // Direction marks and the like would rearrange what is drawn beside them.
            label += QStringLiteral("‹U+%1›").arg(c, 4, 16, QLatin1Char('0')).toUpper();
        } else if (c == ' ') {
            label += QChar(0x00B7);
        } else if (c == '\n') {
            label += QChar(0x21B5);
        } else if (c == '\t') {
            label += QChar(0x2192);
        } else {
            label += QString::fromUcs4(&c, 1);
        }
        at += next.size;
    }
    return label;
}

QString tokenName(const QString& text) {
    const QString label = tokenLabel(text.toStdString());
    qsizetype spaces = 0;
    while (spaces < label.size() && label.at(spaces) == QChar(0x00B7)) {
        ++spaces;
    }
    return spaces < label.size() ? label.mid(spaces) : label.left(1);
}

QString tokenNumber(int token) { return QLocale(QLocale::English).toString(token + 1); }

QString positionNumber(int position) { return tokenNumber(position); }

bool breaksLine(const std::string& bytes) { return bytes.find('\n') != std::string::npos; }

} // namespace moescope::ui
