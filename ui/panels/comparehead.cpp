// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/comparehead.h"

#include "ui/models/comparisontext.h"
#include "ui/panels/chartpaint.h"
#include "ui/panels/styledlabel.h"
#include "ui/widgets/elidedlabel.h"
#include "ui/widgets/segmentedcontrol.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QPushButton>
#include <QSignalBlocker>

#include <algorithm>

namespace moescope::ui {

namespace {

constexpr int kHeight = 44;     ///< px
constexpr int kWordsFrom = 760; ///< px: narrower, the buttons at the right have no words

/** The question takes what it needs before the facts take what is left. */
class Question : public ElidedLabel {
public:
    using ElidedLabel::ElidedLabel;
    QSize minimumSizeHint() const override {
        return {std::min(ElidedLabel::sizeHint().width(), 160), ElidedLabel::minimumSizeHint().height()};
    }
};

} // namespace

CompareHead::CompareHead(Comparison* comparison, QWidget* parent) : QWidget(parent), m_comparison(comparison) {
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(16, 0, 8, 1);
    row->setSpacing(8);
    m_question = new Question(QString(), TextStyle::UiStrong, Color::Text, this);
    m_facts = new ElidedLabel(QString(), TextStyle::Small, Color::TextMuted, this);
    m_question->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Preferred);
    m_facts->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    row->addWidget(m_question);
    row->addSpacing(2);
    row->addWidget(m_facts, 1);
    row->addSpacing(4);
    m_view = new SegmentedControl(tr("Runs in view"), {tr("Two runs"), tr("All runs")}, this);
    row->addWidget(m_view);
    const auto button = [&](const QString& words) {
        auto* made = new QPushButton(words, this);
        made->setAccessibleName(words);
        row->addWidget(made);
        return made;
    };
    m_add = button(tr("Add run"));
    m_again = button(tr("Run again"));
    m_csv = button(tr("CSV"));
    m_add->setToolTip(tr("Another prompt, model or setting, beside the runs that are there"));
    m_csv->setToolTip(tr("All runs with their distances and speeds as a table in a file"));
    connect(m_view, &SegmentedControl::currentIndexChanged, this,
            [comparison](int index) { comparison->setShowsAll(index == 1); });
    connect(m_add, &QPushButton::clicked, this, &CompareHead::addRunRequested);
    connect(m_again, &QPushButton::clicked, this, &CompareHead::runAgainRequested);
    connect(m_csv, &QPushButton::clicked, this, &CompareHead::csvRequested);
    connect(comparison, &Comparison::runsChanged, this, &CompareHead::refresh);
    connect(comparison, &Comparison::viewChanged, this, &CompareHead::refresh);
    applyTheme();
    refresh();
}

QString CompareHead::factsText() const { return m_facts->text(); }

void CompareHead::refresh() {
    const bool open = m_comparison->isOpen();
    const auto& runs = m_comparison->runs();
    m_question->setText(open ? m_comparison->question() : tr("No comparison"));
    m_facts->setText(open ? comparisonFacts(*m_comparison) : QString());
    const QSignalBlocker blocker(m_view);
    m_view->setCurrentIndex(m_comparison->showsAll() ? 1 : 0);
    m_view->setEnabled(runs.size() > 1);
    m_add->setEnabled(open);
    const bool idle = std::none_of(runs.begin(), runs.end(),
                                   [](const RunView& run) { return run.isRunning() || run.phase == RunPhase::Queued; });
    m_again->setEnabled(open && !runs.isEmpty() && idle);
    m_again->setToolTip(idle ? tr("Runs all of them anew, one after the other")
                             : tr("Some runs have not ended yet: all of them can be run anew after that."));
    m_csv->setEnabled(!runs.isEmpty());
}

void CompareHead::applyTheme() {
    setFixedHeight(std::max(kHeight, scaledPx(kHeight)));
    m_add->setIcon(theme().icon(QStringLiteral("plus")));
    m_again->setIcon(theme().icon(QStringLiteral("regenerate")));
    m_csv->setIcon(theme().icon(QStringLiteral("export")));
}

void CompareHead::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_csv != nullptr) {
        applyTheme();
    }
}

void CompareHead::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    const bool words = width() >= scaledPx(kWordsFrom);
    m_again->setText(words ? tr("Run again") : QString());
    m_csv->setText(words ? tr("CSV") : QString());
}

void CompareHead::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), theme().color(Color::Panel));
    painter.fillRect(QRect(0, height() - 1, width(), 1), theme().color(Color::Border));
}

CompareNote::CompareNote(Comparison* comparison, QWidget* parent) : QWidget(parent), m_comparison(comparison) {
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(44, 8, 16, 8);
    row->setSpacing(16);
    m_words = new StyledLabel(QString(), TextStyle::Small, Color::TextSecondary, this);
    m_words->setWordWrap(true);
    row->addWidget(m_words, 1);
    m_open = new QPushButton(tr("Open in Inspect"), this);
    m_open->setToolTip(tr("The panels of Inspect show the run that the selection is in"));
    row->addWidget(m_open, 0, Qt::AlignVCenter);
    connect(m_open, &QPushButton::clicked, this, [this] {
        if (const RunView* run = runToOpen(); run != nullptr) {
            emit openInInspectRequested(run->id);
        }
    });
    connect(comparison, &Comparison::runsChanged, this, &CompareNote::refresh);
    connect(comparison, &Comparison::pairChanged, this, &CompareNote::refresh);
    connect(comparison, &Comparison::compared, this, &CompareNote::refresh);
    refresh();
}

const RunView* CompareNote::runToOpen() const {
    const RunView* b = m_comparison->side(Side::B);
    const bool inB = b != nullptr && b->answer == m_comparison->selection()->state().run;
    return m_comparison->side(inB ? Side::B : Side::A);
}

QString CompareNote::text() const { return m_words->text(); }

void CompareNote::refresh() {
    const QString sentence = comparisonSentence(*m_comparison);
    const QString words = sentence.isEmpty() ? waitingSentence(*m_comparison) : sentence;
    m_words->setText(words);
    const RunView* run = runToOpen();
    m_open->setEnabled(run != nullptr && run->hasAnswer());
    m_open->setIcon(theme().icon(QStringLiteral("target")));
    setVisible(!words.isEmpty());
}

void CompareNote::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), theme().color(Color::Panel));
    paintFrame(painter, rect(), theme().color(Color::Border));
    painter.drawPixmap(
        QPoint(16, (height() - 16) / 2),
        theme().pixmap(QStringLiteral("info"), 16, theme().color(Color::TextSecondary), devicePixelRatioF()));
}

} // namespace moescope::ui
