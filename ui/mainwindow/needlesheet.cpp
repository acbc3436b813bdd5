// SPDX-License-Identifier: Apache-2.0
#include "ui/mainwindow/needlesheet.h"

#include "ui/models/draftcheck.h"
#include "ui/panels/styledlabel.h"
#include "ui/widgets/filedialogs.h"
#include "ui/widgets/iconbutton.h"

#include <QComboBox>
#include <QFileInfo>
#include <QGridLayout>
#include <QLineEdit>
#include <QPushButton>
#include <QRegularExpressionValidator>
#include <QSpinBox>
#include <QVBoxLayout>

namespace moescope::ui {

namespace {

constexpr int kMostCases = 1'000;
constexpr QSize kSize{620, 420};

/** Names as the command line has them, and whether the fact has a place. */
struct Kind {
    const char* key;
    const char* words;
    bool depth;
};
constexpr std::array kKinds{
    Kind{"single", QT_TRANSLATE_NOOP("moescope::ui::NeedleSheet", "Single: one fact"), true},
    Kind{"multikey", QT_TRANSLATE_NOOP("moescope::ui::NeedleSheet", "Multi-key: one fact among others like it"), true},
    Kind{"multivalue", QT_TRANSLATE_NOOP("moescope::ui::NeedleSheet", "Multi-value: four facts about one thing"), true},
    Kind{"multiquery", QT_TRANSLATE_NOOP("moescope::ui::NeedleSheet", "Multi-query: four facts, four questions"), true},
    Kind{"vartrack", QT_TRANSLATE_NOOP("moescope::ui::NeedleSheet", "Variable tracking, whole text"), false},
    Kind{"freqwords", QT_TRANSLATE_NOOP("moescope::ui::NeedleSheet", "Frequent words, whole text"), false}};

QString listText(const std::vector<uint32_t>& numbers) {
    QStringList parts;
    for (const uint32_t number : numbers) {
        parts << groupedText(number);
    }
    return parts.join(QStringLiteral(", "));
}

std::vector<uint32_t> listOf(const QString& text) {
    QString problem;
    std::vector<uint32_t> numbers;
    for (const int number : numbersOf(text, &problem)) {
        numbers.push_back(static_cast<uint32_t>(number));
    }
    return numbers;
}

} // namespace

NeedleSheet::NeedleSheet(const NeedleGridSettings& settings, int most, QWidget* parent)
    : FramedDialog(tr("Needle grid"), parent), m_most(most) {
    QVBoxLayout* body = addBody();
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(12);
    grid->setVerticalSpacing(8);
    grid->setColumnMinimumWidth(0, 120);
    grid->setColumnStretch(1, 1);
    body->addLayout(grid);
    const auto add = [&](const QString& name, QWidget* field) {
        const int row = grid->rowCount();
        grid->addWidget(new StyledLabel(name, TextStyle::Ui, Color::TextSecondary, this), row, 0);
        grid->addWidget(field, row, 1);
    };
    m_kind = new QComboBox(this);
    m_kind->setAccessibleName(tr("Kind"));
    for (const Kind& kind : kKinds) {
        m_kind->addItem(tr(kind.words), QLatin1String(kind.key));
    }
    add(tr("Kind"), m_kind);
    m_lengths = new QLineEdit(listText(settings.lengths), this);
    m_lengths->setAccessibleName(tr("Lengths, tokens"));
    add(tr("Lengths, tokens"), m_lengths);
    m_depths = new QLineEdit(listText(settings.depths), this);
    m_depths->setAccessibleName(tr("Depths, %"));
    add(tr("Depths, %"), m_depths);
    m_cases = new QSpinBox(this);
    m_cases->setAccessibleName(tr("Cases in a cell"));
    m_cases->setRange(1, kMostCases);
    m_cases->setValue(settings.cases);
    add(tr("Cases in a cell"), m_cases);
    m_seed = new QLineEdit(QString::number(settings.seed), this);
    m_seed->setAccessibleName(tr("Seed"));
    m_seed->setValidator(new QRegularExpressionValidator(QRegularExpression(QStringLiteral("[0-9]{1,19}")), m_seed));
    add(tr("Seed"), m_seed);
    auto* text = new QWidget(this);
    auto* textRow = new QHBoxLayout(text);
    textRow->setContentsMargins(0, 0, 0, 0);
    textRow->setSpacing(8);
    m_text = new QLineEdit(settings.haystack, text);
    m_text->setPlaceholderText(tr("The shipped text"));
    m_text->setAccessibleName(tr("Text that hides them"));
    auto* browse = new IconButton(QStringLiteral("folder-open"), tr("Choose a file"), text);
    browse->setFramed(true);
    textRow->addWidget(m_text, 1);
    textRow->addWidget(browse);
    add(tr("Text that hides them"), text);
    m_sum = new StyledLabel(QString(), TextStyle::Small, Color::TextMuted, this);
    body->addWidget(m_sum);
    body->addStretch(1);
    auto* foot = new QHBoxLayout;
    foot->setSpacing(8);
    m_problem = new StyledLabel(QString(), TextStyle::Small, Color::Error, this);
    m_problem->setWordWrap(true);
    auto* cancel = new QPushButton(tr("Cancel"), this);
    cancel->setAutoDefault(false);
    m_start = new QPushButton(tr("Start"), this);
    m_start->setAccessibleName(tr("Start"));
    m_start->setProperty("primary", true);
    m_start->setDefault(true);
    foot->addWidget(m_problem, 1);
    foot->addWidget(cancel);
    foot->addWidget(m_start);
    body->addLayout(foot);
    m_kind->setCurrentIndex(std::max(0, m_kind->findData(settings.kind)));
    connect(m_kind, &QComboBox::currentIndexChanged, this, &NeedleSheet::refresh);
    for (QLineEdit* edit : {m_lengths, m_depths, m_seed, m_text}) {
        connect(edit, &QLineEdit::textChanged, this, &NeedleSheet::refresh);
    }
    connect(m_cases, &QSpinBox::valueChanged, this, &NeedleSheet::refresh);
    connect(browse, &QAbstractButton::clicked, this, [this] {
        askForFileToRead(this, tr("Text that hides them"), {}, [this](const QString& path) { m_text->setText(path); });
    });
    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_start, &QPushButton::clicked, this, [this] {
        const NeedleGridSettings made = this->settings();
        accept();
        emit chosen(made);
    });
    refresh();
    sizeWithin(kSize);
}

NeedleGridSettings NeedleSheet::settings() const {
    NeedleGridSettings made;
    made.kind = m_kind->currentData().toString();
    made.lengths = listOf(m_lengths->text());
    if (kKinds[size_t(m_kind->currentIndex())].depth) {
        made.depths = listOf(m_depths->text());
    }
    made.cases = m_cases->value();
    made.seed = m_seed->text().toULongLong();
    made.haystack = m_text->text();
    return made;
}

QString NeedleSheet::problem() const {
    QString problem;
    for (const int length : numbersOf(m_lengths->text(), &problem)) {
        if (m_most > 0 && length > m_most) {
            return tr("%1 tokens are more than the %2 that the model has room for.")
                .arg(groupedText(length), groupedText(m_most));
        }
    }
    if (!problem.isEmpty()) {
        return tr("Lengths: %1").arg(problem);
    }
    if (m_depths->isEnabled()) {
        for (const int depth : numbersOf(m_depths->text(), &problem)) {
            if (depth > 100) {
                return tr("A depth of %1 % is behind the end of the text.").arg(depth);
            }
        }
        if (!problem.isEmpty()) {
            return tr("Depths: %1").arg(problem);
        }
    }
    if (m_seed->text().isEmpty()) {
        return tr("A seed is missing: the cases follow from it.");
    }
    return m_text->text().isEmpty() || QFileInfo(m_text->text()).isFile()
               ? QString()
               : tr("“%1” is no file that can be read.").arg(m_text->text());
}

void NeedleSheet::refresh() {
    m_depths->setEnabled(kKinds[size_t(m_kind->currentIndex())].depth);
    const QString problem = this->problem();
    const NeedleGridSettings made = settings();
    const auto cells = qint64(made.lengths.size() * std::max<size_t>(1, made.depths.size()));
    const qint64 answers = cells * made.cases;
    m_sum->setText(problem.isEmpty()
                       ? tr("%1 with %2 each: %3")
                             .arg(cells == 1 ? tr("1 cell") : tr("%1 cells").arg(groupedText(cells)),
                                  made.cases == 1 ? tr("1 case") : tr("%1 cases").arg(groupedText(made.cases)),
                                  answers == 1 ? tr("1 answer") : tr("%1 answers").arg(groupedText(answers)))
                       : QString());
    m_problem->setText(problem);
    m_start->setEnabled(problem.isEmpty());
}

} // namespace moescope::ui
