// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/samplingform.h"

#include "ui/panels/promptedit.h"
#include "ui/panels/styledlabel.h"

#include <QDoubleSpinBox>
#include <QEvent>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPainter>
#include <QPushButton>
#include <QRegularExpressionValidator>
#include <QScreen>
#include <QVBoxLayout>

namespace moescope::ui {

namespace {

constexpr int kFieldsLeft = 148; ///< px, until told otherwise
constexpr int kGap = 8;          ///< px between controls
constexpr int kFieldWidth = 96;  ///< px
constexpr int kFieldHeight = 28; ///< px

QLabel* caption(const QString& text) { return new StyledLabel(text, TextStyle::Ui, Color::TextSecondary); }

StyledLabel* note(const QString& text) { return new StyledLabel(text, TextStyle::Small, Color::TextMuted); }

QDoubleSpinBox* decimals(const QString& name, double least, double most, double step) {
    auto* box = new QDoubleSpinBox;
    box->setAccessibleName(name);
    box->setRange(least, most);
    box->setDecimals(2);
    box->setSingleStep(step);
    return box;
}

QSpinBox* whole(const QString& name, int most) {
    auto* box = new QSpinBox;
    box->setAccessibleName(name);
    box->setRange(0, most);
    box->setGroupSeparatorShown(true);
    return box;
}

} // namespace

SamplingForm::SamplingForm(QWidget* parent) : QWidget(parent) {
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(kGap);
    grid->setVerticalSpacing(kGap);
    grid->setColumnStretch(2, 1);
    setFieldsLeft(kFieldsLeft);
    int row = 0;
    const auto add = [&](QWidget* field, const QString& remark, std::function<QString(const SamplingView&)> shown) {
        auto* label = caption(field->accessibleName());
        label->setBuddy(field);
        grid->addWidget(label, row, 0);
        grid->addWidget(field, row, 1);
        m_remarks.append({note(remark), remark, std::move(shown)});
        grid->addWidget(m_remarks.last().label, row, 2);
        ++row;
    };
    const auto decimal = [](QDoubleSpinBox* box, double SamplingView::*value) {
        return [box, value](const SamplingView& sampling) { return box->textFromValue(sampling.*value); };
    };
    const auto count = [](int SamplingView::*value) {
        return [value](const SamplingView& sampling) { return groupedText(sampling.*value); };
    };
    m_temperature = decimals(tr("Temperature"), 0, 5, 0.05);
    add(m_temperature, tr("0 always takes the likeliest token"), decimal(m_temperature, &SamplingView::temperature));
    m_topP = decimals(tr("Top-p"), 0.01, 1, 0.05);
    add(m_topP, tr("1 is off"), decimal(m_topP, &SamplingView::top_p));
    m_topK = whole(tr("Top-k"), 1'000'000);
    add(m_topK, tr("0 is off"), count(&SamplingView::top_k));
    m_minP = decimals(tr("Min-p"), 0, 1, 0.01);
    add(m_minP, tr("0 is off"), decimal(m_minP, &SamplingView::min_p));
    m_penalty = decimals(tr("Repetition penalty"), 0.1, 5, 0.05);
    add(m_penalty, tr("1 is off"), decimal(m_penalty, &SamplingView::repetition_penalty));
    m_seed = new QLineEdit;
    m_seed->setAccessibleName(tr("Seed"));
    m_seed->setPlaceholderText(tr("random"));
    m_seed->setValidator(new QRegularExpressionValidator(QRegularExpression(QStringLiteral("[0-9]{0,20}")), m_seed));
    add(m_seed, tr("the same seed gives the same answer"),
        [](const SamplingView& sampling) { return sampling.seed ? QString::number(*sampling.seed) : tr("random"); });
    m_mostTokens = whole(tr("Longest answer"), 10'000'000);
    add(m_mostTokens, tr("tokens; 0 is until the context is full"), count(&SamplingView::max_tokens));

    m_system = new PromptEdit;
    m_system->setAccessibleName(tr("System prompt"));
    m_system->setPlaceholderText(tr("What the model is told before the first message"));
    auto* label = caption(tr("System prompt"));
    label->setContentsMargins(0, 5, 0, 0); // its line beside the first one of the text
    label->setBuddy(m_system);
    grid->addWidget(label, row, 0, Qt::AlignTop);
    grid->addWidget(m_system, row, 1, 1, 2);

    for (QDoubleSpinBox* box : {m_temperature, m_topP, m_minP, m_penalty}) {
        connect(box, &QDoubleSpinBox::valueChanged, this, &SamplingForm::tell);
    }
    for (QSpinBox* box : {m_topK, m_mostTokens}) {
        connect(box, &QSpinBox::valueChanged, this, &SamplingForm::tell);
    }
    connect(m_seed, &QLineEdit::textChanged, this, [this] {
        applyTheme();
        tell();
    });
    connect(m_system, &QPlainTextEdit::textChanged, this, &SamplingForm::tell);
    applyTheme();
}

void SamplingForm::setFieldsLeft(int px) { static_cast<QGridLayout*>(layout())->setColumnMinimumWidth(0, px - kGap); }

void SamplingForm::applyTheme() {
    const Theme& look = theme();
    const int line = look.lineHeight(TextStyle::Ui);
    const QSize field(qRound(kFieldWidth * look.fontScale()), qMax(kFieldHeight, line + 8));
    for (QWidget* box :
         {static_cast<QWidget*>(m_temperature), static_cast<QWidget*>(m_topP), static_cast<QWidget*>(m_topK),
          static_cast<QWidget*>(m_minP), static_cast<QWidget*>(m_penalty), static_cast<QWidget*>(m_mostTokens)}) {
        box->setFont(look.font(TextStyle::Mono));
        box->setFixedSize(field);
    }
    // A number is in mono, the word in its place is not.
    m_seed->setFont(look.font(m_seed->text().isEmpty() ? TextStyle::Ui : TextStyle::Mono));
    m_seed->setFixedSize(field);
    refreshRemarks();
    m_system->setFont(look.font(TextStyle::Ui));
    m_system->setFixedHeight(2 * line + 2 * PromptEdit::kPadding + 10);
}

void SamplingForm::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_system != nullptr) {
        applyTheme();
    }
}

void SamplingForm::setSampling(const SamplingView& sampling) {
    m_given = sampling;
    if (sampling == this->sampling()) {
        return;
    }
    m_quiet = true;
    m_temperature->setValue(sampling.temperature);
    m_topP->setValue(sampling.top_p);
    m_topK->setValue(sampling.top_k);
    m_minP->setValue(sampling.min_p);
    m_penalty->setValue(sampling.repetition_penalty);
    m_seed->setText(sampling.seed ? QString::number(*sampling.seed) : QString());
    m_seed->setCursorPosition(0); // of a long one the end is hidden, not the beginning
    m_mostTokens->setValue(sampling.max_tokens);
    if (m_system->toPlainText() != sampling.system_prompt) {
        m_system->setPlainText(sampling.system_prompt);
    }
    m_quiet = false;
    refreshRemarks();
}

void SamplingForm::setDefaults(const SamplingView& defaults) {
    m_defaults = defaults;
    refreshRemarks();
}

void SamplingForm::refreshRemarks() {
    if (!m_defaults) {
        return;
    }
    const SamplingView current = sampling();
    for (const Remark& remark : std::as_const(m_remarks)) {
        const QString usual = remark.shown(*m_defaults);
        const QString marked = tr("default %1 · %2").arg(usual, remark.text);
        // The mark comes and goes without another width.
        remark.label->setMinimumWidth(QFontMetrics(theme().font(TextStyle::Small)).horizontalAdvance(marked));
        const bool differs = remark.shown(current) != usual;
        remark.label->setText(differs ? marked : remark.text);
        remark.label->setColor(differs ? Color::Text : Color::TextMuted);
    }
}

SamplingView SamplingForm::sampling() const {
    const auto decimal = [](const QDoubleSpinBox* box, double given) {
        return box->textFromValue(given) == box->textFromValue(box->value()) ? given : box->value();
    };
    SamplingView view = m_given;
    view.temperature = decimal(m_temperature, m_given.temperature);
    view.top_p = decimal(m_topP, m_given.top_p);
    view.top_k = m_topK->value();
    view.min_p = decimal(m_minP, m_given.min_p);
    view.repetition_penalty = decimal(m_penalty, m_given.repetition_penalty);
    view.seed.reset();
    bool ok = false;
    const quint64 seed = m_seed->text().toULongLong(&ok);
    if (ok) {
        view.seed = seed;
    }
    view.max_tokens = m_mostTokens->value();
    view.system_prompt = m_system->toPlainText();
    return view;
}

void SamplingForm::tell() {
    if (!m_quiet) {
        refreshRemarks();
        emit changed(sampling());
    }
}

SamplingPopover::SamplingPopover(QWidget* parent) : QFrame(parent, Qt::Popup) {
    setAttribute(Qt::WA_TranslucentBackground, false);
    setAccessibleName(tr("Sampling of this chat"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 12, 16, 12);
    column->setSpacing(12);
    column->addWidget(new StyledLabel(tr("Sampling of this chat"), TextStyle::UiStrong, Color::Text));
    m_form = new SamplingForm(this);
    column->addWidget(m_form);
    auto* defaults = new QPushButton(tr("Restore defaults"));
    defaults->setAccessibleName(tr("Restore the default sampling"));
    column->addWidget(defaults, 0, Qt::AlignRight);
    connect(m_form, &SamplingForm::changed, this, &SamplingPopover::changed);
    connect(defaults, &QPushButton::clicked, this, [this] {
        m_form->setSampling(m_defaults);
        emit changed(m_defaults);
    });
}

void SamplingPopover::setSampling(const SamplingView& sampling) { m_form->setSampling(sampling); }

void SamplingPopover::setDefaults(const SamplingView& defaults) {
    m_defaults = defaults;
    m_form->setDefaults(defaults);
}

void SamplingPopover::openAt(const QWidget* anchor) {
    adjustSize();
    const QRect screen = anchor->screen()->availableGeometry();
    QPoint corner = anchor->mapToGlobal(QPoint(0, 0));
    const int above = corner.y() - height() - 8;
    corner.setY(above >= screen.top() ? above : anchor->mapToGlobal(QPoint(0, anchor->height() + 8)).y());
    corner.setX(qBound(screen.left(), corner.x(), qMax(screen.left(), screen.right() - width())));
    move(corner);
    show();
    m_form->setFocus();
}

void SamplingPopover::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setBrush(theme().color(Color::Raised));
    painter.setPen(theme().color(Color::BorderStrong));
    painter.drawRect(rect().adjusted(0, 0, -1, -1));
}

} // namespace moescope::ui
