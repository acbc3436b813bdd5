// SPDX-License-Identifier: Apache-2.0
#include "ui/models/filterprogram.h"
#include "ui/models/tokentext.h"

#include <QCoreApplication>

#include <array>
#include <optional>

namespace moescope::ui {
namespace {

constexpr int kDeepest = 64;   ///< brackets and nots inside each other
constexpr int kLongest = 2000; ///< UTF-16 units of a line

struct Name {
    const char* name;
    FilterField field;
};
constexpr std::array kNames{Name{"token", FilterField::Token},
                            Name{"position", FilterField::Position},
                            Name{"id", FilterField::Id},
                            Name{"layer", FilterField::Layer},
                            Name{"expert", FilterField::Expert},
                            Name{"rank", FilterField::Rank},
                            Name{"weight", FilterField::Weight},
                            Name{"prob", FilterField::Prob},
                            Name{"runnerup", FilterField::RunnerUp},
                            Name{"margin", FilterField::Margin},
                            Name{"entropy", FilterField::Entropy},
                            Name{"sampled", FilterField::Sampled},
                            Name{"text", FilterField::Text},
                            Name{"class", FilterField::Class}};

struct Sign {
    const char* sign;
    FilterOperator comparison;
};
/** Longer ones first. */
constexpr std::array kSigns{Sign{"==", FilterOperator::Equal},     Sign{"!=", FilterOperator::NotEqual},
                            Sign{"<=", FilterOperator::LessEqual}, Sign{">=", FilterOperator::GreaterEqual},
                            Sign{"=", FilterOperator::Equal},      Sign{"<", FilterOperator::Less},
                            Sign{">", FilterOperator::Greater},    Sign{"~", FilterOperator::Contains}};

QString tr(const char* text) { return QCoreApplication::translate("moescope::ui::Filter", text); }

class Parser {
public:
    explicit Parser(const QString& line) : m_line(line) {}

    std::vector<FilterStep> run() {
        if (m_line.size() > kLongest) {
            fail(kLongest, m_line.size() - kLongest,
                 tr("A filter of %1 characters is too long: %2 are the most.").arg(m_line.size()).arg(kLongest));
        }
        parseOr();
        skipSpace();
        if (m_at < m_line.size()) {
            failHere(m_line.at(m_at) == QLatin1Char(')')
                         ? tr("This bracket closes none.")
                         : tr("“%1” is not expected here: join conditions with && or ||.").arg(pieceHere()));
        }
        return std::move(m_steps);
    }

private:
    [[noreturn]] static void fail(qsizetype at, qsizetype length, const QString& sentence) {
        throw FilterError{at, length, sentence};
    }
    [[noreturn]] void failHere(const QString& sentence) const { fail(m_at, pieceHere().size(), sentence); }

    void skipSpace() {
        while (m_at < m_line.size() && m_line.at(m_at).isSpace()) {
            ++m_at;
        }
    }

    /** The word, number or sign that begins here. */
    QString pieceHere() const {
        qsizetype end = m_at;
        const auto inWord = [](QChar c) { return c.isLetterOrNumber() || c == QLatin1Char('_'); };
        if (end < m_line.size() && !inWord(m_line.at(end))) {
            return m_line.mid(end, m_line.at(end).isHighSurrogate() ? 2 : 1);
        }
        while (end < m_line.size() && inWord(m_line.at(end))) {
            ++end;
        }
        return m_line.mid(m_at, end - m_at);
    }

    /** Takes a sign, or a word that stands by itself. */
    bool take(const char* piece) {
        skipSpace();
        const QLatin1String wanted(piece);
        if (!m_line.mid(m_at).startsWith(wanted, Qt::CaseInsensitive) ||
            (QChar(wanted.front()).isLetter() && pieceHere().size() != wanted.size())) {
            return false;
        }
        m_at += wanted.size();
        return true;
    }

    void push(FilterStep::Kind kind) {
        FilterStep step;
        step.kind = kind;
        m_steps.push_back(step);
    }

    void parseOr() {
        parseAnd();
        while (take("||") || take("or")) {
            parseAnd();
            push(FilterStep::Kind::Or);
        }
    }

    void parseAnd() {
        parseNot();
        while (take("&&") || take("and")) {
            parseNot();
            push(FilterStep::Kind::And);
        }
    }

    void parseNot() {
        skipSpace();
        if (m_depth == kDeepest) {
            failHere(tr("More than %1 brackets stand inside each other.").arg(kDeepest));
        }
        ++m_depth;
        const qsizetype begin = m_at;
        if (take("!") || take("not")) {
            parseNot();
            push(FilterStep::Kind::Not);
        } else if (take("(")) {
            parseOr();
            if (!take(")")) {
                if (m_at < m_line.size()) {
                    failHere(tr("“%1” is not expected here: join conditions with && or ||.").arg(pieceHere()));
                }
                fail(begin, 1, tr("This bracket is never closed."));
            }
        } else {
            parseComparison();
        }
        --m_depth;
    }

    void parseComparison() {
        skipSpace();
        if (m_at == m_line.size()) {
            fail(m_at, 0,
                 tr("A condition is missing at the end, such as “layer > 3”. Names are: %1.")
                     .arg(Filter::names().join(QStringLiteral(", "))));
        }
        const QString name = pieceHere();
        FilterStep step;
        const auto known = std::find_if(kNames.begin(), kNames.end(), [&name](const Name& candidate) {
            return name.compare(QLatin1String(candidate.name), Qt::CaseInsensitive) == 0;
        });
        if (known == kNames.end()) {
            failHere(tr("There is no “%1” to filter by. Names are: %2.")
                         .arg(name, Filter::names().join(QStringLiteral(", "))));
        }
        step.field = known->field;
        m_at += name.size();
        parseSign(step, name);
        if (isWord(step.field)) {
            parseWord(step);
        } else {
            parseNumber(step, name);
        }
        m_steps.push_back(step);
    }

    void parseSign(FilterStep& step, const QString& name) {
        skipSpace();
        for (const Sign& sign : kSigns) {
            const qsizetype begin = m_at;
            if (!take(sign.sign)) {
                continue;
            }
            step.comparison = sign.comparison;
            const bool ordered =
                sign.comparison != FilterOperator::Equal && sign.comparison != FilterOperator::NotEqual;
            const bool contains = sign.comparison == FilterOperator::Contains;
            if (isWord(step.field) ? ordered && !contains : contains) {
                fail(begin, m_at - begin,
                     isWord(step.field)
                         ? tr("“%1” is words, which are compared with ==, != or ~.").arg(name)
                         : tr("“%1” is a number, which is compared with ==, !=, <, <=, > or >=.").arg(name));
            }
            return;
        }
        const QString sentence = tr("A comparison is missing behind “%1”, such as “%1 %2”.")
                                     .arg(name, isWord(step.field) ? QStringLiteral("~ \"a\"") : QStringLiteral("> 3"));
        fail(m_at, m_at < m_line.size() ? pieceHere().size() : 0, sentence);
    }

    void parseNumber(FilterStep& step, const QString& name) {
        skipSpace();
        qsizetype end = m_at;
        while (end < m_line.size() && (m_line.at(end).isLetterOrNumber() || m_line.at(end) == QLatin1Char('.') ||
                                       ((m_line.at(end) == QLatin1Char('-') || m_line.at(end) == QLatin1Char('+')) &&
                                        (end == m_at || m_line.at(end - 1).toLower() == QLatin1Char('e'))))) {
            ++end;
        }
        const QString written = m_line.mid(m_at, end - m_at);
        bool isNumber = false;
        step.number = written.toDouble(&isNumber);
        if (!isNumber || !qIsFinite(step.number)) {
            const QString shown = written.isEmpty() ? pieceHere() : written;
            fail(m_at, m_at < m_line.size() ? shown.size() : 0,
                 shown.isEmpty() ? tr("A number is missing behind “%1”.").arg(name)
                                 : tr("“%1” is not a number, which “%2” is compared with.").arg(shown, name));
        }
        m_at = end;
    }

    void parseWord(FilterStep& step) {
        skipSpace();
        const qsizetype begin = m_at;
        if (m_at < m_line.size() && m_line.at(m_at) == QLatin1Char('"')) {
            ++m_at;
            while (m_at < m_line.size() && m_line.at(m_at) != QLatin1Char('"')) {
                const bool escaped = m_line.at(m_at) == QLatin1Char('\\') && m_at + 1 < m_line.size();
                m_at += escaped ? 1 : 0;
                step.word.append(escaped && m_line.at(m_at) == QLatin1Char('n') ? QChar(QLatin1Char('\n'))
                                                                                : m_line.at(m_at));
                ++m_at;
            }
            if (m_at == m_line.size()) {
                fail(begin, m_at - begin, tr("A quotation mark is missing at the end."));
            }
            ++m_at;
        } else {
            step.word = m_at < m_line.size() ? pieceHere() : QString();
            if (step.word.isEmpty() || !step.word.at(0).isLetterOrNumber()) {
                fail(m_at, step.word.size(), tr("A word is missing here, such as \"boat\"."));
            }
            m_at += step.word.size();
        }
        if (step.field == FilterField::Class && step.comparison != FilterOperator::Contains) {
            checkClass(step.word, begin);
        }
    }

    void checkClass(const QString& word, qsizetype begin) const {
        QStringList classes;
        for (int kind = 0; kind <= int(TokenClass::Bytes); ++kind) {
            classes.append(tokenClassName(TokenClass(kind)));
        }
        if (!classes.contains(word, Qt::CaseInsensitive)) {
            fail(begin, m_at - begin,
                 tr("There is no class “%1”. Classes are: %2.").arg(word, classes.join(QStringLiteral(", "))));
        }
    }

    const QString& m_line;
    qsizetype m_at = 0;
    int m_depth = 0;
    std::vector<FilterStep> m_steps;
};

} // namespace

std::vector<FilterStep> parseFilter(const QString& line) { return Parser(line).run(); }

QStringList Filter::names() {
    QStringList names;
    for (const Name& name : kNames) {
        names.append(QLatin1String(name.name));
    }
    return names;
}

} // namespace moescope::ui
